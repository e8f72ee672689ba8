"""What stands between the hashtags of a post in one field, and telling it by some of the fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Separator = Literal["bar", "comma", "semicolon", "space", "list"]

_RARE: Final = 100  # a separator is in at least one of so many fields


@dataclass(frozen=True)
class Separated:
    """How a field is taken apart. byte: between hashtags. listed: whether the field is a list literal.

    A list literal is what Python, R or JSON write: ['vote', 'now'], [vote, now] or ["vote"].
    """

    byte: int
    listed: bool = False


# To add one, add it here, and to the choices of --hashtag-separator.
SEPARATORS: Final[Mapping[Separator, Separated]] = {
    "bar": Separated(ord("|")),
    "comma": Separated(ord(",")),
    "semicolon": Separated(ord(";")),
    "space": Separated(ord(" ")),
    "list": Separated(ord(","), listed=True),
}


def find_separator(fields: Iterable[bytes]) -> Separator:
    """The separator of fields of hashtags, those without a hashtag among them.

    Lists, if most fields that are not blank look like it. Else a bar, if one has it; no hashtag has one in it. Else
    the comma, semicolon or space that most fields have in the middle, if they are not very few; a hashtag has none.
    """
    filled = [field.strip() for field in fields if field.strip()]
    if 2 * sum(_is_list(field) for field in filled) > len(filled):
        return "list"
    if any(b"|" in field for field in filled):
        return "bar"
    names: tuple[Separator, ...] = ("comma", "semicolon", "space")
    having = {name: sum(bytes([SEPARATORS[name].byte]) in field for field in filled) for name in names}
    best = max(names, key=having.__getitem__)
    return best if having[best] and having[best] * _RARE >= len(filled) else "bar"


def _is_list(field: bytes) -> bool:
    return field.startswith(b"[") and field.endswith(b"]")

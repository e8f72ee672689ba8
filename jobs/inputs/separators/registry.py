"""All separators of hashtags, and telling which one a table has by some of its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from jobs.inputs.separators import bar, comma, lists, semicolon, space
from jobs.inputs.separators.separator import Separator

# The choices of --hashtag-separator have the same names.
SEPARATORS: Final[Mapping[str, Separator]] = {
    module.SEPARATOR.name: module.SEPARATOR for module in (bar, comma, semicolon, space, lists)
}


def find_separator(fields: Iterable[bytes]) -> str:
    """The name of the separator of fields of hashtags, those without a hashtag among them.

    A bar, if too few fields look like any other.
    """
    filled = [field.strip() for field in fields if field.strip()]
    found = {one: sum(map(one.looks_so, filled)) for one in SEPARATORS.values()}
    possible = [one for one, count in found.items() if count > one.share * len(filled)]
    return max(possible, key=lambda one: (one.rank, found[one]), default=bar.SEPARATOR).name

"""Hashtags out of texts, for posts that have no column of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from jobs.inputs.tables import Column

# UAX #31, section 3.3 (extended hashtag identifiers): a sign, then letters, digits, marks, emoji, "_", "-" and "+".
# It is none in the middle of a word, unless another hashtag ends there; nor after & or /, as in &#39; and in
# addresses of the web. One that the sign … cuts off is nobody's.
_HASHTAG: Final = (
    r"(?:\G|(?<![\p{XID_Continue}\p{Extended_Pictographic}&/]))[#\uFE5F\uFF03]"
    r"([[\p{XID_Continue}\p{Extended_Pictographic}\p{Emoji_Component}_+\-]--[#*]]++)(?!\u2026)"
)
_SIGNS: Final = (b"#", "\ufe5f".encode(), "\uff03".encode())


def hashtags_of(texts: Column) -> Column:
    """The hashtags of each text, with bars between them."""
    find = _finder()
    found = [_hashtags(texts.value(i), find) for i in range(len(texts.start))]
    return Column.of(found)


@functools.cache
def _finder() -> Callable[[str], list[str]]:
    import regex  # loads slowly, and --inspect is fast

    pattern: Callable[[str], list[str]] = regex.compile(_HASHTAG, regex.VERSION1).findall
    return pattern


def _hashtags(text: bytes, find: Callable[[str], list[str]]) -> bytes:
    if not any(sign in text for sign in _SIGNS):
        return b""
    return "|".join(find(text.decode("utf-8", "replace"))).encode()

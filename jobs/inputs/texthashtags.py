"""Hashtags out of texts, for posts that have no column of them."""

from __future__ import annotations

from typing import Final

import numpy as np
import regex

from jobs.inputs.tables import Column

# UAX #31, section 3.3 (extended hashtag identifiers): a sign, then letters, digits, marks, emoji, "_", "-" and "+".
# It is none in the middle of a word, unless another hashtag ends there; nor after & or /, as in &#39; and in
# addresses of the web.
_HASHTAG: Final = regex.compile(
    r"(?:\G|(?<![\p{XID_Continue}\p{Extended_Pictographic}&/]))[#\uFE5F\uFF03]"
    r"([[\p{XID_Continue}\p{Extended_Pictographic}\p{Emoji_Component}_+\-]--[#*]]+)",
    regex.VERSION1,
)
_SIGNS: Final = (b"#", "\ufe5f".encode(), "\uff03".encode())


def hashtags_of(texts: Column) -> Column:
    """The hashtags of each text, with bars between them."""
    found = [_hashtags(texts.value(i)) for i in range(len(texts.start))]
    edges = np.cumsum([0, *map(len, found)])
    return Column(np.frombuffer(b"".join(found) + b"\0", np.uint8), edges[:-1], edges[1:])


def _hashtags(text: bytes) -> bytes:
    if not any(sign in text for sign in _SIGNS):
        return b""
    return "|".join(_HASHTAG.findall(text.decode("utf-8", "replace"))).encode()

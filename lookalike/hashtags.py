"""Hashtags as people write them, and the key under which all spellings of one hashtag meet."""

from __future__ import annotations

import functools
import unicodedata

_SIGNS = "#\uff03\ufe5f"  # the sign, and its wide and small forms, which NFKC makes the sign
_PASSES = 8  # more than any text needs; a bound in case a future Unicode version lets two forms alternate


def spelling(text: str) -> str:
    """A hashtag as its author wrote it, without surrounding space and leading `#`; "" if nothing is left."""
    text = text.strip()
    while text.startswith(tuple(_SIGNS)):
        text = text.lstrip(_SIGNS).lstrip()
    return text


@functools.lru_cache(maxsize=1 << 18)
def normalise(text: str) -> str:
    """The hashtag key: leading `#` and surrounding space removed, Unicode NFKC, case-folded; "" if blank.

    Repeated until nothing changes, since NFKC may bring a `#` or a space to light (full-width forms): the key
    of a key is the key itself.
    """
    key = spelling(text)
    for _ in range(_PASSES):
        if key.isascii():
            return key.lower()
        folded = spelling(unicodedata.normalize("NFKC", key).casefold())
        if folded == key:
            break
        key = folded
    return key

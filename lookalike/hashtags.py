"""Hashtags as people write them, and the key under which all spellings of one hashtag meet."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

_SIGNS = "#\uff03\ufe5f"  # the sign, and its wide and small forms, which NFKC makes the sign
# Characters that nobody sees: the soft hyphen, spaces of no width, marks of direction, variation selectors. The
# selectors of emoji and keycaps stay, and so do the joiners that some scripts are written with (U+200C, U+200D).
_INVISIBLE: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0100-\U000e01ef]"
    "|(?<=\\w)[\ufe00-\ufe0f](?!\u20e3)"
)
# A hashtag may have so many bytes of UTF-8, as spelled and as a key: so the service can be asked for each, within the
# defaults of its bounds on a parameter and, with three bytes for each, on a URL.
MOST_BYTES: Final = 4000
_PASSES = 8  # more than any text needs; a bound in case a future Unicode version lets two forms alternate


def spelling(text: str) -> str:
    """A hashtag as its author wrote it, without surrounding space and leading `#`; "" if nothing is left."""
    text = text.strip()
    while text.startswith(tuple(_SIGNS)):
        text = text.lstrip(_SIGNS).lstrip()
    return text


@functools.lru_cache(maxsize=1 << 18)
def normalise(text: str) -> str:
    """The hashtag key, the same for what looks the same; "" if blank.

    Invisible characters, leading `#` and surrounding space are removed, then Unicode NFKC and case-folding, and the
    Turkish dotted capital I is an i. Repeated until nothing changes, since NFKC may bring a `#` or a space to light
    (full-width forms): the key of a key is the key itself.
    """
    key = spelling(_INVISIBLE.sub("", text))
    for _ in range(_PASSES):
        if key.isascii():
            return key.lower()
        folded = unicodedata.normalize("NFKC", key).casefold().replace("i\u0307", "i")
        folded = spelling(_INVISIBLE.sub("", folded))
        if folded == key:
            break
        key = folded
    return key

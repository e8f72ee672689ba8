"""Finding bytes that separate fields and rows."""

from __future__ import annotations

from typing import Final

import numpy as np

from jobs.inputs.text.quotes import LINE_FEED, QUOTE
from lookalike.strings.compiler import compiled, is_interpreting
from lookalike.strings.values import Bytes
from lookalike.strings.words import BLOCK, byte_mask, trailing_zeros

_STEP: Final = 256  # bytes


@compiled
def mask_of(buffer: Bytes, at: int, limit: int, one: int, other: int) -> np.uint64:
    """byte_mask, for fewer than BLOCK bytes if the buffer ends at `limit`."""
    if at + BLOCK <= limit:
        return byte_mask(buffer, at, np.uint8(one), np.uint8(other))
    mask = np.uint64(0)
    for i in range(at, limit):
        if buffer[i] == one or buffer[i] == other:
            mask |= np.uint64(1) << np.uint64(i - at)
    return mask


@compiled
def _find_either(buffer: Bytes, at: int, limit: int, one: int, other: int) -> int:
    """The first place from `at` that has one of two bytes, or `limit`."""
    for block in range(at, limit, BLOCK):
        mask = mask_of(buffer, block, limit, one, other)
        if mask:
            return block + trailing_zeros(mask)
    return limit


def _find_plainly(buffer: Bytes, at: int, limit: int, one: int, other: int) -> int:
    """As _find_either. To run that one as Python, with a mask for each block, takes ten times as long."""
    for first in range(at, limit, _STEP):
        some = buffer[first : min(first + _STEP, limit)].tobytes()
        places = [place for place in (some.find(one), some.find(other)) if place >= 0]
        if places:
            return first + min(places)
    return limit


find_either: Final = _find_plainly if is_interpreting() else _find_either


@compiled
def find_byte(buffer: Bytes, at: int, limit: int, byte: int) -> int:
    """The first place from `at` that has `byte`, or `limit`."""
    return find_either(buffer, at, limit, byte, byte)


@compiled
def quotes_in(buffer: Bytes, escape: int) -> int:
    """How many quotes open or close a value, those that `escape` makes a part of one counted twice or not at all."""
    quotes, at = 0, 0
    while True:
        at = find_either(buffer, at, len(buffer), QUOTE, escape)
        if at == len(buffer):
            return quotes
        quotes += buffer[at] == QUOTE
        at += 1 if buffer[at] == QUOTE else 2


@compiled
def find_row_end(buffer: Bytes, at: int, limit: int, escape: int, inside: bool) -> tuple[int, bool]:
    """The first line feed from `at` that is not inside of quotes, or `limit`; and whether that is inside.

    inside: whether `at` is.
    """
    while True:
        quote = find_either(buffer, at, limit, QUOTE, escape)
        if not inside:
            line_feed = find_byte(buffer, at, quote, LINE_FEED)
            if line_feed < quote:
                return line_feed, False
        if quote >= limit:
            return limit, inside
        if buffer[quote] == QUOTE:
            inside = not inside
            at = quote + 1
        else:
            at = quote + 2 if inside or (quote + 1 < limit and buffer[quote + 1] == QUOTE) else quote + 1

"""Small numbers as runs of one value and runs of packed bits.

Parquet format, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)": definition levels, and the indices
of dictionary-encoded values.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from lookalike.snapshots.parquet.memory import Bytes, get_varint, put_varint, signed
from lookalike.strings.copying import store_word
from lookalike.strings.words import load_word

Small = npt.NDArray[np.int32]

_GROUP = 8  # packed values come in groups of so many; a shorter run is not worth one of its own


@numba.njit(cache=True, nogil=True)
def put_hybrid(values: Small, width: int, out: Bytes, at: int) -> int:
    """Write int32[n], all in [0, 2^width), without a length before; width is 1 to 31. The place behind it."""
    count = len(values)
    packed = 0  # from here on values wait to be packed
    row = 0
    while row < count:
        value = values[row]
        end = row + 1
        while end < count and values[end] == value:
            end += 1
        if end - row < _GROUP:
            row += _GROUP
            continue
        at = _put_packed(values, packed, row, width, out, at)
        at = put_varint(out, at, np.uint64(end - row) << np.uint64(1))
        store_word(out, at, np.uint64(value))
        at += (width + 7) // 8
        row = packed = end
    return _put_packed(values, packed, count, width, out, at)


@numba.njit(cache=True, nogil=True)
def _put_packed(values: Small, start: int, end: int, width: int, out: Bytes, at: int) -> int:
    """values[start:end] as one run of packed bits, the last group filled up with zeros."""
    if start == end:
        return at
    groups = (end - start + _GROUP - 1) // _GROUP
    at = put_varint(out, at, np.uint64(groups) << np.uint64(1) | np.uint64(1))
    word = np.uint64(0)
    filled = 0
    to = at
    for row in range(start, end):
        value = np.uint64(values[row])
        word |= value << np.uint64(filled)
        filled += width
        if filled >= 64:
            store_word(out, to, word)
            to += 8
            filled -= 64
            word = value >> np.uint64(width - filled)
    behind = at + groups * width
    while to < behind:
        store_word(out, to, word)
        word = np.uint64(0)
        to += 8
    return behind


@numba.njit(cache=True, nogil=True)
def get_hybrid(buffer: Bytes, at: int, end: int, width: int, values: Small) -> None:
    """Fill int32[n] from what stands in buffer[at:end]; ROOM behind it can be read. Raises ValueError."""
    count = len(values)
    mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    row = 0
    while row < count:
        header, at = get_varint(buffer, at, end)
        length = signed(header >> np.uint64(1))
        packed = header & np.uint64(1)
        size = length * width if packed else (width + 7) // 8
        if length <= 0 or length > count or at + size > end:
            raise ValueError("a run does not fit")
        if packed:
            last = min(count, row + length * _GROUP)
            for place in range(last - row):
                bit = place * width
                word = load_word(buffer, at + (bit >> 3)) >> np.uint64(bit & 7)
                values[row + place] = np.int32(word & mask)
        else:
            last = min(count, row + length)
            values[row:last] = np.int32(load_word(buffer, at) & mask)
        row = last
        at += size

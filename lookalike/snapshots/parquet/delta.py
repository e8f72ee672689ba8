"""Integers as packed differences from the one before.

Parquet format, Encodings.md, "Delta Encoding (DELTA_BINARY_PACKED = 5)", with blocks of 128 differences in 4
miniblocks, as other writers make them.
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from lookalike.snapshots.parquet.memory import Bytes, bit_width, get_varint, put_varint, signed, unzigzag, zigzag
from lookalike.strings.copying import store_word
from lookalike.strings.words import load_word

Numbers = npt.NDArray[np.int64]

_BLOCK: Final = 128
_MINIBLOCKS: Final = 4
_MINIBLOCK: Final = _BLOCK // _MINIBLOCKS
# A value of up to so many bits lies within the word that begins at its first byte; wider ones take whole words.
_WIDEST: Final = 56


@numba.njit(cache=True, nogil=True)
def put_delta(values: Numbers, out: Bytes, at: int) -> int:
    """Write int64[n]; the place behind it. Differences wrap around, as the specification wants."""
    at = put_varint(out, at, np.uint64(_BLOCK))
    at = put_varint(out, at, np.uint64(_MINIBLOCKS))
    at = put_varint(out, at, np.uint64(len(values)))
    at = put_varint(out, at, zigzag(values[0] if len(values) else np.int64(0)))
    difference = np.empty(_BLOCK, np.int64)
    excess = np.zeros(_BLOCK, np.uint64)
    for start in range(1, len(values), _BLOCK):
        count = min(_BLOCK, len(values) - start)
        for i in range(count):
            difference[i] = values[start + i] - values[start + i - 1]
        least = difference[0]
        for i in range(count):
            least = min(least, difference[i])
        for i in range(count):
            excess[i] = np.uint64(difference[i] - least)
        excess[count:] = np.uint64(0)
        at = put_varint(out, at, zigzag(least))
        widths = at
        at += _MINIBLOCKS
        for mini in range(_MINIBLOCKS):
            first = mini * _MINIBLOCK
            every = np.uint64(0)
            for i in range(first, first + _MINIBLOCK):
                every |= excess[i]
            width = bit_width(every)
            if width > _WIDEST:
                width = 64
            out[widths + mini] = np.uint8(width)
            if first < count:
                at = _put_packed(excess, first, width, out, at)
    return at


@numba.njit(cache=True, nogil=True, inline="always")
def _put_packed(excess: npt.NDArray[np.uint64], first: int, width: int, out: Bytes, at: int) -> int:
    word = np.uint64(0)
    filled = 0
    for i in range(first, first + _MINIBLOCK):
        value = excess[i]
        word |= value << np.uint64(filled)
        filled += width
        if filled >= 64:
            store_word(out, at, word)
            at += 8
            filled -= 64
            word = value >> np.uint64(width - filled) if filled else np.uint64(0)
    if filled:  # 32 values fill whole bytes, not whole words
        store_word(out, at, word)
    return at + filled // 8


@numba.njit(cache=True, nogil=True)
def get_delta(buffer: Bytes, at: int, end: int, values: Numbers) -> None:
    """Fill int64[n] from what put_delta wrote to buffer[at:end]; ROOM behind it can be read. Raises ValueError."""
    block, at = get_varint(buffer, at, end)
    miniblocks, at = get_varint(buffer, at, end)
    count, at = get_varint(buffer, at, end)
    first, at = get_varint(buffer, at, end)
    if block != np.uint64(_BLOCK) or miniblocks != np.uint64(_MINIBLOCKS) or count != np.uint64(len(values)):
        raise ValueError("differences are in other blocks")
    if not len(values):
        return
    value = unzigzag(first)
    values[0] = value
    for start in range(1, len(values), _BLOCK):
        word, at = get_varint(buffer, at, end)
        least = unzigzag(word)
        widths = at
        at += _MINIBLOCKS
        for mini in range(_MINIBLOCKS):
            row = start + mini * _MINIBLOCK
            if row >= len(values):
                break
            width = signed(buffer[widths + mini]) if widths + mini < end else 0
            if (width > _WIDEST and width != 64) or at + width * _MINIBLOCK // 8 > end:
                raise ValueError("differences do not fit")
            mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1) if width < 64 else ~np.uint64(0)
            for i in range(min(_MINIBLOCK, len(values) - row)):
                bit = i * width
                excess = (load_word(buffer, at + (bit >> 3)) >> np.uint64(bit & 7)) & mask
                value += least + signed(excess)
                values[row + i] = value
            at += width * _MINIBLOCK // 8

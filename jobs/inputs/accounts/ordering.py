"""Ordering many byte strings without an object for each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places, frozen
from lookalike.strings.words import load_word

Flags = npt.NDArray[np.bool_]


def order_by_bytes(packed: Bytes, offsets: Places, groups: Places | None = None) -> tuple[Places, Flags]:
    """Order n values by (group, bytes).

    packed, offsets: as from pack_values, int64[n + 1]; groups: int64[n], all values in one group if None.
    Returns int64[n], the values' indices in order, and bool[n]: whether the value at a place of the order
    equals the one before it, group and bytes. The order of equal values is unspecified.
    """
    count = len(offsets) - 1
    starts, ends = frozen(offsets[:-1]), frozen(offsets[1:])
    key = _words(frozen(packed), starts, ends, np.arange(count), 0)
    order = np.argsort(key) if groups is None else np.lexsort((key, groups))
    equal = _repeats(key[order])
    if groups is not None:
        equal &= _repeats(groups[order])
    depth, longest = 8, int((ends - starts).max(initial=0))
    # Eight bytes at a time, of those values only that are still equal to a neighbour. Beyond its end a value
    # reads as zeros, so the lengths decide between values that differ in final zeros alone.
    while equal.any():
        tied = equal.copy()
        tied[:-1] |= equal[1:]
        places = np.flatnonzero(tied)
        rows, runs = order[places], np.cumsum(~equal[places])
        if depth < longest:
            key = _words(frozen(packed), starts, ends, rows, depth)
        else:
            key = (ends - starts)[rows].astype(np.uint64)
        within = np.lexsort((key, runs))
        order[places] = rows[within]
        equal[places] = _repeats(key[within]) & _repeats(runs)
        if depth >= longest:
            break
        depth += 8
    return order, equal


def _repeats(values: npt.NDArray[np.generic]) -> Flags:
    """bool[n]: whether a value equals the one before it."""
    repeats = np.zeros(len(values), np.bool_)
    repeats[1:] = values[1:] == values[:-1]
    return repeats


@compiled
def _words(buffer: Bytes, starts: Places, ends: Places, rows: Places, depth: int) -> npt.NDArray[np.uint64]:
    """Bytes [depth, depth + 8) of the chosen values as numbers that compare as the bytes do."""
    words = np.empty(len(rows), np.uint64)
    for i in range(len(rows)):
        at, end = starts[rows[i]] + depth, ends[rows[i]]
        word = np.uint64(0)
        if at + 8 <= end:
            little = load_word(buffer, at)
            for byte in range(8):
                word = (word << np.uint64(8)) | ((little >> np.uint64(8 * byte)) & np.uint64(255))
        else:
            for place in range(at, at + 8):
                word <<= np.uint64(8)
                if place < end:
                    word |= np.uint64(buffer[place])
        words[i] = word
    return words

"""Text in memory as it is in pages, so that either is made of the other by nothing but copying.

Parquet format, Encodings.md, "Plain (PLAIN = 0)" for BYTE_ARRAY: the length in 4 bytes, little-endian, and the bytes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from lookalike.snapshots.parquet.hybrid import Small
from lookalike.snapshots.parquet.memory import Bytes, bit_width, equal_bytes, signed
from lookalike.snapshots.parquet.pages import Valid
from lookalike.snapshots.parquet.runs import Runs
from lookalike.strings.copying import ROOM, copy_bytes, copy_short, store_word

Edges = npt.NDArray[np.int64]

PREFIX: Final = 4  # bytes of a length


class Text(NamedTuple):
    """n values of text as entries in the plain encoding.

    data: uint8[]; edge: int64[m + 1], entry e is data[edge[e]:edge[e + 1]]; nothing lies between them, ROOM behind.
    entry_of: int32[n], which entry each value is, anything for a null; int32[0] if they are the entries in their
    order, a null then has an empty one. valid: bool[n], which are not null; bool[0] if none is.
    """

    data: Bytes
    edge: Edges
    entry_of: Small
    valid: Valid


@numba.njit(cache=True, nogil=True)
def plain_entries(data: Bytes, offset: npt.NDArray[np.int32], valid: Valid, out: Bytes, edge: Edges) -> None:
    """Arrow's form of n values to entries: fills edge (int64[n + 1]) and out, which has ROOM behind."""
    to = 0
    for row in range(len(offset) - 1):
        edge[row] = to
        if len(valid) and not valid[row]:
            continue
        start = signed(offset[row])
        size = offset[row + 1] - start
        store_word(out, to, np.uint64(size))
        copy_short(out, to + PREFIX, data, start, size)
        to += PREFIX + size
    edge[len(offset) - 1] = to


@numba.njit(cache=True, nogil=True)
def taken_entries(text: Text, rows: npt.NDArray[np.int64]) -> tuple[Bytes, npt.NDArray[np.int32]]:
    """Some of the values in Arrow's form: their bytes, and int32[n + 1] where each begins."""
    offset = np.zeros(len(rows) + 1, np.int32)
    total = 0
    for i in range(len(rows)):
        row = rows[i]
        if not len(text.valid) or text.valid[row]:
            entry = signed(text.entry_of[row]) if len(text.entry_of) else row
            total += text.edge[entry + 1] - text.edge[entry] - PREFIX
        offset[i + 1] = total
    data = np.empty(total, np.uint8)
    for i in range(len(rows)):
        entry = signed(text.entry_of[rows[i]]) if len(text.entry_of) else rows[i]
        size = signed(offset[i + 1] - offset[i])
        copy_bytes(data, signed(offset[i]), text.data, text.edge[entry] + PREFIX, size)
    return data, offset


@numba.njit(cache=True, nogil=True)
def expanded(text: Text) -> tuple[Bytes, Edges]:
    """data and edge as they are without an index."""
    edge = np.zeros(len(text.entry_of) + 1, np.int64)
    for row in range(len(text.entry_of)):
        entry = text.entry_of[row]
        is_null = len(text.valid) and not text.valid[row]
        edge[row + 1] = edge[row] + (0 if is_null else text.edge[entry + 1] - text.edge[entry])
    data = np.empty(edge[-1] + ROOM, np.uint8)
    for row in range(len(text.entry_of)):
        if edge[row + 1] > edge[row]:
            copy_bytes(data, edge[row], text.data, text.edge[text.entry_of[row]], edge[row + 1] - edge[row])
    return data, edge


@numba.njit(cache=True, nogil=True)
def merged(old: Text, new: Text, runs: Runs) -> tuple[Bytes, Edges, Small]:
    """Runs of values of two texts, see runs.py: data, edge and entry_of of a Text.

    It has the entries of the old one and then those of the new one, whether a value is left of them or not.
    """
    entries, more = len(old.edge) - 1, len(new.edge) - 1
    size = old.edge[-1] - old.edge[0]
    data = np.empty(size + new.edge[-1] - new.edge[0] + ROOM, np.uint8)
    copy_bytes(data, 0, old.data, old.edge[0], size)
    copy_bytes(data, size, new.data, new.edge[0], new.edge[-1] - new.edge[0])
    edge = np.empty(entries + more + 1, np.int64)
    edge[: entries + 1] = old.edge - old.edge[0]
    edge[entries:] = new.edge - new.edge[0] + size
    total = 0
    for run in range(len(runs)):
        total += runs[run, 2] - runs[run, 1]
    index = np.empty(total, np.int32)
    to = 0
    for run in range(len(runs)):
        for row in range(runs[run, 1], runs[run, 2]):
            if runs[run, 0]:
                index[to] = entries + (signed(new.entry_of[row]) if len(new.entry_of) else row)
            else:
                index[to] = old.entry_of[row] if len(old.entry_of) else row
            to += 1
    return data, edge, index


@numba.njit(cache=True, nogil=True)
def runs_size(old: Text, new: Text, runs: Runs) -> int:
    """The bytes of runs of entries of two texts without index."""
    size = 0
    for run in range(len(runs)):
        edge = new.edge if runs[run, 0] else old.edge
        size += edge[runs[run, 2]] - edge[runs[run, 1]]
    return size


@numba.njit(cache=True, nogil=True)
def find_runs(text: Text) -> tuple[Small, Small, bool]:
    """What a dictionary of text would be: of each run of equal values its entry.

    That is a dictionary without repetitions if the values are sorted, and a permitted one if not. Returns the entries
    int32[d], for each value that is not null the number of its run int32[], and whether this is shorter than
    the plain encoding.
    """
    data, edge, index, valid = text.data, text.edge, text.entry_of, text.valid
    rows = len(index) if len(index) else len(edge) - 1
    entries = np.empty(rows, np.int32)
    numbers = np.empty(rows, np.int32)
    found = values = short = long = 0
    last = -1
    for row in range(rows):
        if len(valid) and not valid[row]:
            continue
        entry = signed(index[row]) if len(index) else row
        start, size = edge[entry], edge[entry + 1] - edge[entry]
        is_new = last < 0
        if not is_new and entry != last:
            is_new = size != edge[last + 1] - edge[last] or not equal_bytes(data, edge[last], start, size)
        if is_new:
            entries[found] = entry
            found += 1
            short += size
        last = entry
        long += size
        numbers[values] = found - 1
        values += 1
    short += values * bit_width(np.uint64(found)) // 8
    return entries[:found], numbers[:values], short < long

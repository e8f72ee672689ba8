"""Text in memory and in pages.

Parquet format, Encodings.md, "Plain (PLAIN = 0)" for BYTE_ARRAY: the length in 4 bytes, little-endian, then the
bytes; and "Dictionary Encoding (PLAIN_DICTIONARY = 2 and RLE_DICTIONARY = 8)".
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from jobs.inputs.words import load_word
from jobs.snapshots.parquet.hybrid import Small, get_hybrid, put_hybrid
from jobs.snapshots.parquet.memory import (
    ROOM,
    Bytes,
    bit_width,
    copy_bytes,
    copy_short,
    equal_bytes,
    signed,
    store_word,
)
from jobs.snapshots.parquet.pages import (
    DATA_PAGE,
    DICTIONARY,
    DICTIONARY_PAGE,
    PLAIN,
    Valid,
    begin_page,
    end_page,
    get_levels,
    put_levels,
    read_header,
)
from jobs.snapshots.parquet.runs import Runs

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
    """Runs of values of two texts, see jobs.snapshots.parquet.runs, without their bytes being moved about.

    data, edge and index of a text with the entries of the old one and then those of the new one.
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
def put_plain_text(
    old: Text, new: Text, runs: Runs, valid: Valid, rows: int, nullable: bool, out: Bytes, at: int
) -> int:
    """A column chunk of one plain page: the entries of the runs as they are. The place behind it.

    old, new: without index. valid: of all rows, as in Text.
    """
    size = runs_size(old, new, runs)
    size += 6 if nullable else 0  # a good guess of the levels of a column without nulls
    body = to = begin_page(out, at, DATA_PAGE, size, rows, PLAIN)
    if nullable:
        to = put_levels(valid, rows, out, to)
    for run in range(len(runs)):
        text = new if runs[run, 0] else old
        start, end = text.edge[runs[run, 1]], text.edge[runs[run, 2]]
        copy_bytes(out, to, text.data, start, end - start)
        to += end - start
    return end_page(out, at, DATA_PAGE, size, rows, PLAIN, body, to)


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


@numba.njit(cache=True, nogil=True)
def put_dictionary_text(
    text: Text, entries: Small, numbers: Small, rows: int, nullable: bool, out: Bytes, at: int
) -> tuple[int, int]:
    """A column chunk of a dictionary and of what find_runs found: where the page of indices begins and ends."""
    size = 0
    for entry in entries:
        size += text.edge[entry + 1] - text.edge[entry]
    to = begin_page(out, at, DICTIONARY_PAGE, size, len(entries), PLAIN)
    for entry in entries:
        start = text.edge[entry]
        count = text.edge[entry + 1] - start
        copy_short(out, to, text.data, start, count)
        to += count
    return to, put_indices(numbers, len(entries), text.valid, rows, nullable, out, to)


@numba.njit(cache=True, nogil=True)
def put_indices(numbers: Small, entries: int, valid: Valid, rows: int, nullable: bool, out: Bytes, at: int) -> int:
    """A data page of indices to a dictionary of so many entries. The place behind it."""
    width = max(1, bit_width(np.uint64(entries - 1)))  # not every reader knows a width of none
    size = len(numbers) * width // 8
    body = to = begin_page(out, at, DATA_PAGE, size, rows, DICTIONARY)
    if nullable:
        to = put_levels(valid, rows, out, to)
    out[to] = width
    to = put_hybrid(numbers, width, out, to + 1)
    return end_page(out, at, DATA_PAGE, size, rows, DICTIONARY, body, to)


@numba.njit(cache=True, nogil=True)
def get_indices(buffer: Bytes, at: int, end: int, values: int, entries: int) -> Small:
    """int32[values]: the indices at buffer[at:end], all below `entries`. Raises ValueError."""
    index = np.empty(values, np.int32)
    if at >= end or buffer[at] > 31:
        raise ValueError("no indices")
    get_hybrid(buffer, at + 1, end, signed(buffer[at]), index)
    for value in index:
        if value < 0 or value >= entries:
            raise ValueError("an index leads out of the dictionary")
    return index


@numba.njit(cache=True, nogil=True)
def read_text(buffer: Bytes, at: int, end: int, rows: int, nullable: bool) -> tuple[Edges, Small, Valid, int]:
    """A column chunk of text: edge, index and valid of a Text whose data is the buffer; the place behind the chunk.

    Raises ValueError. ROOM behind buffer[:end] can be read.
    """
    kind, values, encoding, body, behind = read_header(buffer, at, end)
    edge = np.zeros(1, np.int64)
    if kind == DICTIONARY_PAGE:
        if values * PREFIX > behind - body:
            raise ValueError("text does not fit")
        edge = _edges(buffer, body, behind, values, np.zeros(0, np.bool_))
        kind, values, encoding, body, behind = read_header(buffer, behind, end)
    if kind != DATA_PAGE or values != rows:
        raise ValueError("not the page of a row group")
    valid = np.zeros(0, np.bool_)
    if nullable:
        valid, body = get_levels(buffer, body, behind, rows)
    if encoding == PLAIN:
        return _edges(buffer, body, behind, rows, valid), np.zeros(0, np.int32), valid, behind
    if encoding != DICTIONARY:
        raise ValueError("text in another encoding")
    index = get_indices(buffer, body, behind, valid.sum() if len(valid) else rows, len(edge) - 1)
    if len(valid):
        spread = np.zeros(rows, np.int32)
        spread[valid] = index
        index = spread
    return edge, index, valid, behind


@numba.njit(cache=True, nogil=True)
def _edges(buffer: Bytes, at: int, end: int, rows: int, valid: Valid) -> Edges:
    """Where entries that fill buffer[at:end] begin. Raises ValueError."""
    edge = np.empty(rows + 1, np.int64)
    for row in range(rows):
        edge[row] = at
        if len(valid) and not valid[row]:
            continue
        if at + PREFIX > end:
            raise ValueError("text does not fit")
        at += PREFIX + signed(load_word(buffer, at) & np.uint64(0xFFFFFFFF))
    edge[rows] = at
    if at != end:
        raise ValueError("text does not fit")
    return edge

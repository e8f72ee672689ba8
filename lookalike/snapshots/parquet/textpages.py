"""Pages of text.

Parquet format, Encodings.md, "Plain (PLAIN = 0)" for BYTE_ARRAY: the length in 4 bytes, little-endian, then the
bytes; and "Dictionary Encoding (PLAIN_DICTIONARY = 2 and RLE_DICTIONARY = 8)".
"""

from __future__ import annotations

import numba
import numpy as np

from lookalike.snapshots.parquet.hybrid import Small
from lookalike.snapshots.parquet.indices import get_indices, put_indices
from lookalike.snapshots.parquet.memory import Bytes, signed
from lookalike.snapshots.parquet.pages import (
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
from lookalike.snapshots.parquet.runs import Runs
from lookalike.snapshots.parquet.text import PREFIX, Edges, Text, runs_size
from lookalike.strings.copying import copy_bytes, copy_short
from lookalike.strings.words import load_word


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

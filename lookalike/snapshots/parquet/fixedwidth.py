"""Numbers of fixed width in pages.

Parquet format, Encodings.md, "Plain (PLAIN = 0)" for BOOLEAN, INT32, INT64 and DOUBLE, all little-endian, and
"Dictionary Encoding (PLAIN_DICTIONARY = 2 and RLE_DICTIONARY = 8)". In memory they are int64[n], whatever they are: a
double is its bits, an unsigned one as well.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from lookalike.snapshots.parquet.delta import get_delta, put_delta
from lookalike.snapshots.parquet.hybrid import Small
from lookalike.snapshots.parquet.indices import get_indices, put_indices
from lookalike.snapshots.parquet.memory import Bytes, bit_width
from lookalike.snapshots.parquet.pages import (
    DATA_PAGE,
    DELTA,
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
from lookalike.strings.copying import copy_bytes, store_word
from lookalike.strings.words import load_word

Words = npt.NDArray[np.int64]

# Physical types, parquet.thrift `Type`.
BOOLEAN: Final = 0
INT32: Final = 1
INT64: Final = 2
DOUBLE: Final = 5

_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing


class Numbers(NamedTuple):
    """values: int64[n], anything for a null. valid: bool[n], which are not null; bool[0] if none is."""

    values: Words
    valid: Valid


@numba.njit(cache=True, nogil=True)
def merged_words(old: Words, new: Words, runs: Runs) -> Words:
    """Runs of two arrays of a type one after the other, see runs.py."""
    total = 0
    for run in range(len(runs)):
        total += runs[run, 2] - runs[run, 1]
    words = np.empty(total, old.dtype)
    to = 0
    for run in range(len(runs)):
        start, end = runs[run, 1], runs[run, 2]
        if runs[run, 0]:
            words[to : to + end - start] = new[start:end]
        else:
            words[to : to + end - start] = old[start:end]
        to += end - start
    return words


@numba.njit(cache=True, nogil=True)
def put_numbers(
    dense: Words, valid: Valid, rows: int, nullable: bool, kind: int, encoding: int, out: Bytes, at: int
) -> tuple[int, int, int]:
    """A column chunk: where its data page begins, where it ends, and its encoding.

    That is PLAIN if a dictionary is wanted and no shorter. dense: the values that are not null. kind: the physical
    type.
    """
    if encoding == DICTIONARY:
        numbers, distinct = _distinct(dense)
        bits = _bits(kind)
        shorter = len(distinct) * bits + len(dense) * bit_width(np.uint64(len(distinct))) < len(dense) * bits
        if shorter:
            size = (len(distinct) * bits + 7) // 8
            body = begin_page(out, at, DICTIONARY_PAGE, size, len(distinct), PLAIN)
            to = _put_plain(distinct, kind, out, body)
            return to, put_indices(numbers, len(distinct), valid, rows, nullable, out, to), DICTIONARY
        encoding = PLAIN
    size = len(dense) * 6 if encoding == DELTA else (len(dense) * _bits(kind) + 7) // 8
    body = to = begin_page(out, at, DATA_PAGE, size, rows, encoding)
    if nullable:
        to = put_levels(valid, rows, out, to)
    to = put_delta(dense, out, to) if encoding == DELTA else _put_plain(dense, kind, out, to)
    return at, end_page(out, at, DATA_PAGE, size, rows, encoding, body, to), encoding


@numba.njit(cache=True, nogil=True)
def read_numbers(buffer: Bytes, at: int, end: int, rows: int, nullable: bool, kind: int) -> tuple[Words, Valid, int]:
    """A column chunk: values and valid as in Numbers, and the place behind it.

    Raises ValueError. ROOM behind buffer[:end] can be read.
    """
    page, count, encoding, body, behind = read_header(buffer, at, end)
    distinct = np.zeros(0, np.int64)
    if page == DICTIONARY_PAGE:
        distinct = _get_plain(buffer, body, behind, count, kind)
        page, count, encoding, body, behind = read_header(buffer, behind, end)
    if page != DATA_PAGE or count != rows:
        raise ValueError("not the page of a row group")
    valid = np.zeros(0, np.bool_)
    if nullable:
        valid, body = get_levels(buffer, body, behind, rows)
    present = valid.sum() if len(valid) else rows
    if encoding == PLAIN:
        values = _get_plain(buffer, body, behind, present, kind)
    elif encoding == DELTA:
        values = np.empty(present, np.int64)
        get_delta(buffer, body, behind, values)
    elif encoding == DICTIONARY:
        index = get_indices(buffer, body, behind, present, len(distinct))
        values = np.empty(present, np.int64)
        for row in range(present):
            values[row] = distinct[index[row]]
    else:
        raise ValueError("numbers in another encoding")
    if len(valid):
        spread = np.zeros(rows, np.int64)
        spread[valid] = values
        values = spread
    return values, valid, behind


@numba.njit(cache=True, nogil=True)
def _bits(kind: int) -> int:
    return 1 if kind == BOOLEAN else 32 if kind == INT32 else 64


@numba.njit(cache=True, nogil=True)
def _distinct(values: Words) -> tuple[Small, Words]:
    """The distinct values in the order of their first appearance, and the number of each value among them."""
    index = np.empty(len(values), np.int32)
    distinct = np.empty(len(values), np.int64)
    slots = np.full(1 << 8, -1, np.int32)  # open addressing, at most half full
    found = row = 0
    while True:
        row, found = _number(values, row, index, distinct, found, slots)
        if row == len(values):
            return index, distinct[:found]
        slots = np.full(2 * len(slots), -1, np.int32)
        _number(distinct[:found].copy(), 0, np.empty(found, np.int32), distinct, 0, slots)


@numba.njit(cache=True, nogil=True)
def _number(values: Words, row: int, index: Small, distinct: Words, found: int, slots: Small) -> tuple[int, int]:
    """Go on numbering from a row until all is done or the slots are half full; the next row and distinct values."""
    mask = np.uint64(len(slots) - 1)
    shift = np.uint64(64 - bit_width(mask))
    most = len(slots) // 2
    while row < len(values) and found < most:
        value = values[row]
        at = (np.uint64(value) * _MIX) >> shift
        number = slots[at]
        while number >= 0 and distinct[number] != value:
            at = (at + np.uint64(1)) & mask
            number = slots[at]
        if number < 0:
            number = np.int32(found)
            slots[at] = number
            distinct[found] = value
            found += 1
        index[row] = number
        row += 1
    return row, found


@numba.njit(cache=True, nogil=True)
def _put_plain(values: Words, kind: int, out: Bytes, at: int) -> int:
    if kind == BOOLEAN:
        behind = at + (len(values) + 7) // 8
        out[at:behind] = 0
        for row in range(len(values)):
            out[at + row // 8] |= np.uint8((values[row] & 1) << (row % 8))
        return behind
    if kind == INT32:
        for row in range(len(values)):
            store_word(out, at + 4 * row, np.uint64(values[row]))
        return at + 4 * len(values)
    copy_bytes(out, at, values.view(np.uint8), 0, 8 * len(values))
    return at + 8 * len(values)


@numba.njit(cache=True, nogil=True)
def _get_plain(buffer: Bytes, at: int, end: int, count: int, kind: int) -> Words:
    if end - at != (count * _bits(kind) + 7) // 8:
        raise ValueError("numbers do not fit")
    values = np.empty(count, np.int64)
    if kind == BOOLEAN:
        for row in range(count):
            values[row] = (buffer[at + row // 8] >> (row % 8)) & 1
    elif kind == INT32:
        for row in range(count):
            values[row] = np.int64(np.int32(load_word(buffer, at + 4 * row) & np.uint64(0xFFFFFFFF)))
    else:
        copy_bytes(values.view(np.uint8), 0, buffer, at, 8 * count)
    return values

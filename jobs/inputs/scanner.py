"""Finding rows and fields in tab-separated bytes."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from lookalike.strings.words import BLOCK, byte_mask, trailing_zeros

TAB, LINE_FEED, RETURN, QUOTE = 9, 10, 13, 34

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


class Found(NamedTuple):
    """Room for what a scan finds; all positions are bytes of the scanned buffer.

    row       int64[2, rows], begin and end of each well-formed row, its line end left out
    start,end int64[columns, rows], the value of each wanted column
    malformed int64[2, bad], begin and end of each row with a wrong number of fields or broken quotes
    """

    row: Places
    start: Places
    end: Places
    malformed: Places


def room(columns: int, rows: int) -> Found:
    """Room for `rows` well-formed rows and as many malformed ones."""
    return Found(
        np.empty((2, rows), np.int64),
        np.empty((columns, rows), np.int64),
        np.empty((columns, rows), np.int64),
        np.empty((2, rows), np.int64),
    )


@numba.njit(cache=True, nogil=True)
def _mask(buffer: Bytes, at: int, limit: int, one: int, other: int) -> np.uint64:
    """byte_mask, for fewer than BLOCK bytes if the buffer ends at `limit`."""
    if at + BLOCK <= limit:
        return byte_mask(buffer, at, np.uint8(one), np.uint8(other))
    mask = np.uint64(0)
    for i in range(at, limit):
        if buffer[i] == one or buffer[i] == other:
            mask |= np.uint64(1) << np.uint64(i - at)
    return mask


@numba.njit(cache=True, nogil=True)
def find_either(buffer: Bytes, at: int, limit: int, one: int, other: int) -> int:
    """The first place from `at` that has one of two bytes, or `limit`."""
    for block in range(at, limit, BLOCK):
        mask = _mask(buffer, block, limit, one, other)
        if mask:
            return block + trailing_zeros(mask)
    return limit


@numba.njit(cache=True, nogil=True)
def find_byte(buffer: Bytes, at: int, limit: int, byte: int) -> int:
    """The first place from `at` that has `byte`, or `limit`."""
    return find_either(buffer, at, limit, byte, byte)


@numba.njit(cache=True, nogil=True)
def scan_raw(buffer: Bytes, begin: int, limit: int, stop: int, slots: Places, found: Found) -> tuple[int, int, int]:
    """Find the rows that start in [begin, stop) and end, with their line feed, before `limit`.

    buffer: uint8[]; `begin` is the start of a row.
    slots:  int64[fields], the column that each field goes to, or -1 for a field that is not used.
    Returns (well-formed rows, malformed rows, where the next row starts). It ends early when the room in
    `found` is used up. Blank lines are no rows; a carriage return before a line feed is part of neither.
    """
    rows, bad, field = 0, 0, 0
    row_start, field_start = begin, begin
    if begin >= stop:
        return rows, bad, row_start
    for at in range(begin, limit, BLOCK):
        mask = _mask(buffer, at, limit, TAB, LINE_FEED)
        while mask:
            place = at + trailing_zeros(mask)
            mask &= mask - np.uint64(1)
            if buffer[place] == TAB:
                if field < len(slots) and slots[field] >= 0:
                    found.start[slots[field], rows] = field_start
                    found.end[slots[field], rows] = place
                field += 1
                field_start = place + 1
                continue
            row_end = place - 1 if place > row_start and buffer[place - 1] == RETURN else place
            if field == len(slots) - 1 and row_end > row_start:
                if slots[field] >= 0:
                    found.start[slots[field], rows] = field_start
                    found.end[slots[field], rows] = row_end
                found.row[0, rows] = row_start
                found.row[1, rows] = row_end
                rows += 1
            elif row_end > row_start:
                found.malformed[0, bad] = row_start
                found.malformed[1, bad] = row_end
                bad += 1
            field = 0
            row_start = field_start = place + 1
            if row_start >= stop or max(rows, bad) == found.row.shape[1]:
                return rows, bad, row_start
    return rows, bad, row_start


@numba.njit(cache=True, nogil=True)
def _closing_quote(buffer: Bytes, at: int, limit: int) -> tuple[int, bool]:
    """Where the quoted value that begins at `at` has its closing quote, and whether "" occurs inside it.

    `limit` if the closing quote, or the byte after it that tells it from a doubled one, is not there.
    """
    doubled = False
    while True:
        at = find_either(buffer, at, limit, QUOTE, QUOTE)
        if at + 1 >= limit:
            return limit, doubled
        if buffer[at + 1] != QUOTE:
            return at, doubled
        doubled = True
        at += 2


@numba.njit(cache=True, nogil=True)
def _unescape(side: Bytes, start: int, end: int) -> int:
    """Make every "" in side[start:end] a single quote, in place; returns the new end."""
    at = to = find_byte(side, start, end, QUOTE)  # up to here nothing moves
    while at < end:
        side[to] = side[at]
        at += 2 if side[at] == QUOTE else 1
        to += 1
    return to


_BROKEN, _UNFINISHED = -1, -2


@numba.njit(cache=True, nogil=True)
def _quoted_row(
    buffer: Bytes, row_start: int, limit: int, slots: Places, found: Found, row: int, side: Bytes
) -> tuple[int, int, int]:
    """Read one row into place `row` of `found`: (its fields, its end, where the next row starts).

    Instead of the fields: _BROKEN for text after a closing quote, _UNFINISHED if `limit` comes first.
    """
    at, field = row_start, 0
    while at < limit:
        if buffer[at] == QUOTE:
            start = at + 1
            end, doubled = _closing_quote(buffer, start, limit)
            at = end + 1
            if at >= limit or (buffer[at] == RETURN and at + 1 == limit):
                return _UNFINISHED, at, at
            if buffer[at] == RETURN and buffer[at + 1] == LINE_FEED:
                at += 1
            elif buffer[at] != TAB and buffer[at] != LINE_FEED:
                return _BROKEN, at, at
        else:
            start, doubled = at, False
            end = at = find_either(buffer, at, limit, TAB, LINE_FEED)
            if at == limit:
                return _UNFINISHED, at, at
            if buffer[at] == LINE_FEED and at > start and buffer[at - 1] == RETURN:
                end = at - 1
        if field < len(slots) and slots[field] >= 0:
            found.start[slots[field], row] = start
            found.end[slots[field], row] = _unescape(side, start, end) if doubled else end
        field += 1
        at += 1
        if buffer[at - 1] == LINE_FEED:
            return field, at - 2 if buffer[at - 2] == RETURN else at - 1, at
    return _UNFINISHED, at, at


@numba.njit(cache=True, nogil=True)
def scan_quoted(
    buffer: Bytes, begin: int, limit: int, stop: int, slots: Places, found: Found, side: Bytes, final: bool
) -> tuple[int, int, int]:
    """As scan_raw for RFC 4180 quoting: values are in `side`, a copy of `buffer` changed where "" occurs.

    A field that begins with a quote runs to its closing quote, over tabs and line feeds. A row in which
    text follows a closing quote is malformed, and so is one whose quote is still open at `limit` if
    `final`: its first line is given up and the next line is taken for a row, so that one stray quote
    costs one line and not the rest of the file.
    """
    rows, bad, row_start = 0, 0, begin
    while row_start < min(stop, limit) and max(rows, bad) < found.row.shape[1]:
        if buffer[row_start] == LINE_FEED:
            row_start += 1
            continue
        fields, row_end, after = _quoted_row(buffer, row_start, limit, slots, found, rows, side)
        if fields == _UNFINISHED and not final:
            break
        if fields < 0:
            row_end = find_either(buffer, row_start, limit, LINE_FEED, LINE_FEED)
            after = row_end + 1
            if row_end == limit:
                break
            if row_end > row_start and buffer[row_end - 1] == RETURN:
                row_end -= 1
        if fields == len(slots) and row_end > row_start:
            found.row[0, rows] = row_start
            found.row[1, rows] = row_end
            rows += 1
        elif row_end > row_start:
            found.malformed[0, bad] = row_start
            found.malformed[1, bad] = row_end
            bad += 1
        row_start = after
    return rows, bad, row_start

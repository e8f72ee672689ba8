"""Finding rows and fields in delimited bytes."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from jobs.inputs.text.quotes import (
    BACKSLASH,
    ENCLOSED,
    ESCAPED,
    LINE_FEED,
    LITERAL,
    OPENED,
    QUOTE,
    Tally,
    count_lines,
    has_escaped,
    kind_of,
    no_tally,
    part_of_quoted,
    tally_lines,
)
from lookalike.strings.values import Bytes, Places
from lookalike.strings.words import BLOCK, byte_mask, trailing_zeros

RETURN = 13


class Found(NamedTuple):
    """Room for what a scan finds; all positions are bytes of the scanned buffer.

    row       int64[2, rows], begin and end of each well-formed row, its line end left out
    start,end int64[columns, rows], the value of each wanted column
    malformed int64[2, bad], begin and end of each row with a wrong number of fields or broken quotes
    quotes    int64[columns + 1, KINDS], what the wanted fields and the malformed rows tell of quoting
    """

    row: Places
    start: Places
    end: Places
    malformed: Places
    quotes: Tally


def room(columns: int, rows: int) -> Found:
    """Room for `rows` well-formed rows and as many malformed ones."""
    return Found(
        np.empty((2, rows), np.int64),
        np.empty((columns, rows), np.int64),
        np.empty((columns, rows), np.int64),
        np.empty((2, rows), np.int64),
        no_tally(columns),
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
def scan_raw(
    buffer: Bytes, begin: int, limit: int, stop: int, delimiter: int, slots: Places, found: Found
) -> tuple[int, int, int]:
    """Find the rows that start in [begin, stop) and end, with their line feed, before `limit`.

    buffer: uint8[]; `begin` is the start of a row. delimiter: the byte between fields.
    slots:  int64[fields], the column that each field goes to, or -1 for a field that is not used.
    Returns (well-formed rows, malformed rows, where the next row starts). It ends early when the room in
    `found` is used up. Blank lines are no rows; a carriage return before a line feed is part of neither.
    """
    rows, bad, field = 0, 0, 0
    row_start, field_start = begin, begin
    has_quotes = False  # at the beginning of a field that is used
    if begin >= stop:
        return rows, bad, row_start
    for at in range(begin, limit, BLOCK):
        mask = _mask(buffer, at, limit, delimiter, LINE_FEED)
        while mask:
            place = at + trailing_zeros(mask)
            mask &= mask - np.uint64(1)
            if buffer[place] == delimiter:
                if field < len(slots) and slots[field] >= 0:
                    found.start[slots[field], rows] = field_start
                    found.end[slots[field], rows] = place
                    has_quotes |= buffer[field_start] == QUOTE
                field += 1
                field_start = place + 1
                continue
            row_end = place - 1 if place > row_start and buffer[place - 1] == RETURN else place
            if field == len(slots) - 1 and row_end > row_start:
                if slots[field] >= 0:
                    found.start[slots[field], rows] = field_start
                    found.end[slots[field], rows] = row_end
                    has_quotes |= buffer[field_start] == QUOTE
                found.row[0, rows] = row_start
                found.row[1, rows] = row_end
                if has_quotes:
                    _tally_raw(buffer, found, rows)
                rows += 1
            elif row_end > row_start:
                found.malformed[0, bad] = row_start
                found.malformed[1, bad] = row_end
                kind = part_of_quoted(buffer, row_start, row_end, delimiter)
                if kind >= 0:
                    found.quotes[-1, kind] += 1
                bad += 1
            field = 0
            has_quotes = False
            row_start = field_start = place + 1
            if row_start >= stop or max(rows, bad) == found.row.shape[1]:
                return rows, bad, row_start
    return rows, bad, row_start


@numba.njit(cache=True, nogil=True)
def _tally_raw(buffer: Bytes, found: Found, row: int) -> None:
    """Note what the quotes of a row tell. The last field may go on in the next line: that it opens tells nothing."""
    for column in range(len(found.start)):
        start, end = found.start[column, row], found.end[column, row]
        if start < end and buffer[start] == QUOTE:
            kind = kind_of(buffer, start, end)
            if kind != OPENED or end < found.row[1, row]:
                found.quotes[column, kind] += 1


@numba.njit(cache=True, nogil=True)
def _closing_quote(buffer: Bytes, at: int, limit: int, escape: int) -> tuple[int, bool]:
    """Where the quoted value that begins at `at` has its closing quote, and whether `escape` occurs inside it.

    `limit` if the closing quote, or the byte after it that tells it from a doubled one, is not there.
    """
    escaped = False
    while True:
        at = find_either(buffer, at, limit, QUOTE, escape)
        if at + 1 >= limit:
            return limit, escaped
        if buffer[at] == QUOTE and (escape != QUOTE or buffer[at + 1] != QUOTE):
            return at, escaped
        escaped = True
        at += 2


@numba.njit(cache=True, nogil=True)
def _unescape(side: Bytes, start: int, end: int, escape: int) -> int:
    """Drop every `escape` before a quote or another one from side[start:end], in place; returns the new end."""
    at = to = find_byte(side, start, end, escape)  # up to here nothing moves
    while at < end:
        if side[at] == escape and at + 1 < end and (side[at + 1] == QUOTE or side[at + 1] == escape):
            at += 1
        side[to] = side[at]
        at += 1
        to += 1
    return to


_BROKEN, _UNFINISHED = -1, -2


@numba.njit(cache=True, nogil=True)
def _quoted_row(
    buffer: Bytes,
    row_start: int,
    limit: int,
    delimiter: int,
    escape: int,
    slots: Places,
    found: Found,
    row: int,
    side: Bytes,
) -> tuple[int, int, int]:
    """Read one row into place `row` of `found`: (its fields, its end, where the next row starts).

    Instead of the fields: _BROKEN for text after a closing quote, _UNFINISHED if `limit` comes first.
    """
    at, field = row_start, 0
    while at < limit:
        if buffer[at] == QUOTE:
            start = at + 1
            end, escaped = _closing_quote(buffer, start, limit, escape)
            at = end + 1
            if at >= limit or (buffer[at] == RETURN and at + 1 == limit):
                return _UNFINISHED, at, at
            if buffer[at] == RETURN and buffer[at + 1] == LINE_FEED:
                at += 1
            elif buffer[at] != delimiter and buffer[at] != LINE_FEED:
                return _BROKEN, at, at
        else:
            start, escaped = at, False
            end = at = find_either(buffer, at, limit, delimiter, LINE_FEED)
            if at == limit:
                return _UNFINISHED, at, at
            if buffer[at] == LINE_FEED and at > start and buffer[at - 1] == RETURN:
                end = at - 1
            escaped = escape == BACKSLASH and has_escaped(buffer, start, end)
        if field < len(slots) and slots[field] >= 0:
            found.start[slots[field], row] = start
            found.end[slots[field], row] = _unescape(side, start, end, escape) if escaped else end
        field += 1
        at += 1
        if buffer[at - 1] == LINE_FEED:
            return field, at - 2 if buffer[at - 2] == RETURN else at - 1, at
    return _UNFINISHED, at, at


@numba.njit(cache=True, nogil=True)
def scan_quoted(
    buffer: Bytes,
    begin: int,
    limit: int,
    stop: int,
    delimiter: int,
    escape: int,
    slots: Places,
    found: Found,
    side: Bytes,
    final: bool,
) -> tuple[int, int, int]:
    """As scan_raw for quoted fields: values are in `side`, a copy of `buffer` changed where `escape` occurs.

    escape: what stands before a quote that is part of a value, another quote (RFC 4180) or a backslash.
    A field that begins with a quote runs to its closing quote, over delimiters and line feeds; another one ends at
    them, even if Python has put a backslash before its quotes. A row in which text follows a closing quote is
    malformed, and so is one whose quote is still open at `limit` if `final`: its first line is given up and the next
    line is taken for a row, so that one stray quote costs one line and not the rest of the file.
    """
    rows, bad, row_start = 0, 0, begin
    while row_start < min(stop, limit) and max(rows, bad) < found.row.shape[1]:
        if buffer[row_start] == LINE_FEED:
            row_start += 1
            continue
        fields, row_end, after = _quoted_row(buffer, row_start, limit, delimiter, escape, slots, found, rows, side)
        if fields == _UNFINISHED and not final:
            break
        if fields == _BROKEN and buffer[row_end - 2] == BACKSLASH:
            found.quotes[-1, ESCAPED] += 1  # the quote that seems to close has a backslash before it
        elif fields < 0:
            found.quotes[-1, LITERAL] += 1
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
            for column in range(len(found.start)):
                start = found.start[column, rows]
                found.quotes[column, ENCLOSED] += start > row_start and buffer[start - 1] == QUOTE
            rows += 1
        elif row_end > row_start:
            found.malformed[0, bad] = row_start
            found.malformed[1, bad] = row_end
            bad += 1
        row_start = after
    if count_lines(buffer, begin, row_start) > rows + bad:
        tally_lines(buffer, found.row[0, :rows], found.row[1, :rows], delimiter, len(slots), found.quotes)
    return rows, bad, row_start


@numba.njit(cache=True, nogil=True)
def quotes_in(buffer: Bytes, escape: int) -> int:
    """How many quotes open or close a value, those that `escape` makes a part of one counted twice or not at all."""
    quotes, at = 0, 0
    while True:
        at = find_either(buffer, at, len(buffer), QUOTE, escape)
        if at == len(buffer):
            return quotes
        quotes += buffer[at] == QUOTE
        at += 1 if buffer[at] == QUOTE else 2


@numba.njit(cache=True, nogil=True)
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

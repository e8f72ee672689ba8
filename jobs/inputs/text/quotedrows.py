"""Finding the rows of delimited bytes whose fields may be in quotes."""

from __future__ import annotations

from jobs.inputs.text.found import Found
from jobs.inputs.text.quotes import (
    BACKSLASH,
    ENCLOSED,
    ESCAPED,
    LINE_FEED,
    LITERAL,
    MANY_LINES,
    QUOTE,
    RETURN,
    SWALLOWED,
    Tally,
    has_escaped,
)
from jobs.inputs.text.search import find_byte, find_either
from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places


@compiled
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


@compiled
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


@compiled
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


@compiled
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
    if _count_lines(buffer, begin, row_start) > rows + bad:
        _tally_lines(buffer, found.row[0, :rows], found.row[1, :rows], delimiter, len(slots), found.quotes)
    return rows, bad, row_start


@compiled
def _count_lines(buffer: Bytes, start: int, end: int) -> int:
    """Line feeds in buffer[start:end]."""
    count = 0
    for at in range(start, end):
        count += buffer[at] == LINE_FEED
    return count


@compiled
def _tally_lines(buffer: Bytes, first: Places, last: Places, delimiter: int, fields: int, tally: Tally) -> None:
    """Note which of the rows buffer[first[i]:last[i]], read as quoted, go over several lines."""
    for i in range(len(first)):
        if find_byte(buffer, first[i], last[i], LINE_FEED) == last[i]:
            continue
        delimiters, alike = 0, True
        for at in range(first[i], last[i]):
            delimiters += buffer[at] == delimiter
            if buffer[at] == LINE_FEED:
                alike &= delimiters == fields - 1
                delimiters = 0
        tally[-1, MANY_LINES] += 1
        tally[-1, SWALLOWED] += alike and delimiters == fields - 1

"""Finding the rows of delimited bytes in which quotes are part of the values."""

from __future__ import annotations

import numpy as np

from jobs.inputs.text.found import Found
from jobs.inputs.text.quotes import LINE_FEED, OPENED, QUOTE, RETURN, kind_of, part_of_quoted
from jobs.inputs.text.search import mask_of
from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places
from lookalike.strings.words import BLOCK, trailing_zeros


@compiled
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
        mask = mask_of(buffer, at, limit, delimiter, LINE_FEED)
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


@compiled
def _tally_raw(buffer: Bytes, found: Found, row: int) -> None:
    """Note what the quotes of a row tell. The last field may go on in the next line: that it opens tells nothing."""
    for column in range(len(found.start)):
        start, end = found.start[column, row], found.end[column, row]
        if start < end and buffer[start] == QUOTE:
            kind = kind_of(buffer, start, end)
            if kind != OPENED or end < found.row[1, row]:
                found.quotes[column, kind] += 1

"""What a field that begins with a double quote tells of the writer of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places

QUOTE: Final = 34
BACKSLASH: Final = 92
LINE_FEED: Final = 10
RETURN: Final = 13

# The kinds of fields that begin with a quote; all other fields tell nothing.
ENCLOSED: Final = 0  # "a": ends with the next quote
DOUBLED: Final = 1  # "" or "a ""b""": only a writer that quotes and doubles has a reason to write this
ESCAPED: Final = 2  # "a \"b\"": only a writer that puts a backslash before a quote
OPENED: Final = 3  # "a: no quote closes it, unless the field goes on beyond a separator
LITERAL: Final = 4  # "a" b: no writer that quotes can have written this
MANY_LINES: Final = 5  # no field, but a row with line ends in its quotes
SWALLOWED: Final = 6  # such a row of which each line looks like a row: the quotes may be no writer's
KINDS: Final = 7

# What stands before a quote that is part of a value.
ESCAPES: Final[Mapping[str, int]] = {"rfc4180": QUOTE, "backslash": BACKSLASH}

Tally = npt.NDArray[np.int64]


def no_tally(columns: int) -> Tally:
    """int64[columns + 1, KINDS] of zeros: fields of each kind in each column, and at last those of malformed rows."""
    return np.zeros((columns + 1, KINDS), np.int64)


@compiled
def kind_of(buffer: Bytes, start: int, end: int) -> int:
    """The kind of the field buffer[start:end], which begins with a quote."""
    closing = _closing(buffer, start + 1, end, QUOTE)
    if closing == end - 1:
        return DOUBLED if _has_quote(buffer, start + 1, closing) or end - start == 2 else ENCLOSED
    if _closing(buffer, start + 1, end, BACKSLASH) == end - 1:
        return ESCAPED
    return OPENED if closing == end else LITERAL


@compiled
def _closing(buffer: Bytes, at: int, end: int, escape: int) -> int:
    """The first quote from `at` that `escape` does not make a part of the value, or `end`."""
    while at < end:
        if buffer[at] == escape and at + 1 < end and (buffer[at + 1] == QUOTE or buffer[at + 1] == escape):
            at += 2
        elif buffer[at] == QUOTE:
            return at
        else:
            at += 1
    return end


@compiled
def _has_quote(buffer: Bytes, start: int, end: int) -> bool:
    found = False
    for at in range(start, end):
        found |= buffer[at] == QUOTE
    return found


@compiled
def escaped_outside(buffer: Bytes, start: Places, end: Places) -> tuple[int, int]:
    """How many values are not in quotes, but have an escaped quote in them; and the first of them, or -1."""
    count, first = 0, -1
    for i in range(len(start)):
        if (start[i] == 0 or buffer[start[i] - 1] != QUOTE) and has_escaped(buffer, start[i], end[i]):
            count += 1
            first = i if first < 0 else first
    return count, first


@compiled
def has_escaped(buffer: Bytes, start: int, end: int) -> bool:
    """Whether buffer[start:end] has a quote with a backslash before it."""
    found = False
    for at in range(start + 1, end):
        found |= buffer[at] == QUOTE and buffer[at - 1] == BACKSLASH
    return found


@compiled
def part_of_quoted(buffer: Bytes, start: int, end: int, delimiter: int) -> int:
    """Whether a line with a wrong number of fields looks like a part of a row with a quoted field; -1 if not.

    Such a field holds a line end or the delimiter: the line then has an odd number of quotes, or a field that opens.
    OPENED, or ESCAPED if the field opens only where a backslash makes the quotes in it a part of it.
    """
    quotes, first = 0, start
    for at in range(start, end + 1):
        if at == end or buffer[at] == delimiter:
            if first < at and buffer[first] == QUOTE:
                kind = kind_of(buffer, first, at)
                if kind == OPENED:
                    return OPENED
                if kind == LITERAL and _closing(buffer, first + 1, at, BACKSLASH) == at:
                    return ESCAPED
            first = at + 1
        elif buffer[at] == QUOTE:
            quotes += 1
    return OPENED if quotes % 2 == 1 else -1

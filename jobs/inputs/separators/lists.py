"""Fields that hold a list of hashtags as Python, R, PostgreSQL or JSON write it: [...], (...), {...} or c(...)."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from jobs.inputs.separators.literals import ANY_CALL, CALLS, joined
from jobs.inputs.separators.separator import Separator
from jobs.inputs.tables import Column
from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places, frozen

_LOOKS: Final = re.compile(rb"\[.*\]|\{.*\}|(%s)?\(.*\)" % ANY_CALL.encode(), re.DOTALL)


def plain_lists(fields: Column) -> Column:
    """The fields with commas between the hashtags and nothing else: brackets and quotes are gone.

    A field that is no list is left as it is.
    """
    buffer = fields.buffer.copy()
    start, end, hard = _without_marks(buffer, frozen(fields.start), frozen(fields.end))
    others = np.flatnonzero(hard)
    plain = Column(buffer, start, end)
    return plain.put(others, [joined(fields.value(i)) for i in others.tolist()]) if len(others) else plain


_SPACE, _COMMA, _COLON, _BRACE, _BACKSLASH, _ROUND, _SINGLE, _DOUBLE = (ord(mark) for mark in " ,:{\\('\"")
_LONGEST_CALL: Final = max(map(len, CALLS))


@compiled
def _without_marks(buffer: Bytes, start: Places, end: Places) -> tuple[Places, Places, Bytes]:
    """Where each list begins and ends without its brackets, the quotes around its items made spaces in the buffer.

    Also uint8[n]: 1 for lists with objects, calls or backslashes in them, which are left as they are.
    """
    first, last = start.copy(), end.copy()
    hard = np.zeros(len(start), np.uint8)
    for i in range(len(start)):
        begin, stop = _inside(buffer, start[i], end[i])
        if begin < 0:
            continue
        hard[i] = begin - start[i] > 1 and buffer[begin - 2] > _SPACE and buffer[begin - 2] != ord("c")
        for at in range(begin, stop):
            in_object = buffer[at] == _COLON and buffer[begin - 1] == _BRACE
            hard[i] |= in_object or buffer[at] in (_BRACE, _BACKSLASH, _ROUND)
        if not hard[i]:
            first[i], last[i] = begin, stop
            at = begin
            while at < stop:
                at = _unquote_item(buffer, at, stop)
    return first, last, hard


@compiled
def _inside(buffer: Bytes, begin: int, stop: int) -> tuple[int, int]:
    """What is between the brackets of a field; -1 for its beginning if the field is no list."""
    while begin < stop and buffer[begin] <= _SPACE:
        begin += 1
    while begin < stop and buffer[stop - 1] <= _SPACE:
        stop -= 1
    word = begin
    while begin < stop and begin - word <= _LONGEST_CALL and _is_of_word(buffer[begin]):
        begin += 1
    if stop - begin < 2 or (begin > word and not _is_call(buffer, word, begin)):
        return -1, -1
    opening, closing = buffer[begin], buffer[stop - 1]
    fits = (
        (begin == word and opening == ord("[") and closing == ord("]"))
        or (begin == word and opening == ord("{") and closing == ord("}"))
        or (opening == ord("(") and closing == ord(")"))
    )
    return (begin + 1, stop - 1) if fits else (-1, -1)


@compiled
def _is_of_word(byte: np.uint8) -> bool:
    return bool(byte == ord(".") or ord("a") <= byte <= ord("z"))


_WORDS: Final = tuple(np.frombuffer(word.encode(), np.uint8) for word in CALLS)


@compiled
def _is_call(buffer: Bytes, start: int, end: int) -> bool:
    """Whether buffer[start:end] is one of CALLS."""
    found = False
    for word in _WORDS:
        found |= len(word) == end - start and bool((buffer[start:end] == word).all())
    return found


@compiled
def _unquote_item(buffer: Bytes, at: int, stop: int) -> int:
    """Make the quotes around the item that begins at `at` spaces; where the next one begins.

    Where NumPy has put only space between two items in quotes, it becomes a comma.
    """
    while at < stop and buffer[at] <= _SPACE:
        at += 1
    opening, mark = at, buffer[at]
    in_quotes = mark in (_SINGLE, _DOUBLE)
    while at < stop and buffer[at] != _COMMA:
        at += 1
        if in_quotes and buffer[at - 1] == mark and at - 1 > opening and buffer[at] <= _SPACE:
            following = at
            while following < stop and buffer[following] <= _SPACE:
                following += 1
            if following < stop and buffer[following] in (_SINGLE, _DOUBLE):
                buffer[at] = _COMMA
    if in_quotes:
        closing = at - 1
        while closing > opening and buffer[closing] <= _SPACE:
            closing -= 1
        if closing > opening and buffer[closing] == mark:
            buffer[opening] = buffer[closing] = _SPACE
    return at + 1


SEPARATOR: Final = Separator(
    "list",
    "in lists",
    _COMMA,
    lambda field: _LOOKS.fullmatch(field) is not None,
    rank=2,
    plain=plain_lists,
)

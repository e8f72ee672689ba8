"""Fields that hold a list of hashtags as Python, R, PostgreSQL or JSON write it: [...], (...), {...} or c(...)."""

from __future__ import annotations

import ast
import json
import re
from typing import Any, Final

import numba
import numpy as np

from jobs.inputs.separators.separator import Separator
from jobs.inputs.tables import Column
from lookalike.strings.values import Bytes, Places, frozen

HASHTAG_KEYS: Final = ("text", "tag", "name", "hashtagName")  # of an object that describes a hashtag
_LOOKS: Final = re.compile(rb"\[.*\]|\{.*\}|c?\(.*\)|character\(0\)", re.DOTALL)
_NEIGHBOURS: Final = re.compile(r"""(?<=[^\s\[,])(['"])\s+(?=['"])""")  # items with only space between them


def plain_lists(fields: Column) -> Column:
    """The fields with commas between the hashtags and nothing else: brackets and quotes are gone.

    A field that is no list is left as it is.
    """
    buffer = fields.buffer.copy()
    start, end, hard = _without_marks(buffer, frozen(fields.start), frozen(fields.end))
    others = np.flatnonzero(hard)
    plain = Column(buffer, start, end)
    return plain.put(others, [_joined(fields.value(i)) for i in others.tolist()]) if len(others) else plain


def _joined(field: bytes) -> bytes:
    """The hashtags of a list with objects or escaped letters in it; the field itself if it cannot be read."""
    text = field.decode("utf-8", "backslashreplace")
    for read in (json.loads, _read_literal):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list | tuple | set | dict):
            items = [found] if isinstance(found, dict) else found
            return ",".join(filter(None, map(hashtag_in, items))).encode("utf-8", "replace")
    return field


def _read_literal(text: str) -> Any:
    """A list as Python or NumPy writes it. Without the commas, Python would take neighbours for one string."""
    return ast.literal_eval(text if "{" in text else _NEIGHBOURS.sub(r"\1, ", text))


def hashtag_in(value: Any) -> str:
    """The hashtag that a value of a list is, or that it describes; "" if there is none."""
    if isinstance(value, dict):
        value = next((value[key] for key in HASHTAG_KEYS if key in value), None)
    return value if isinstance(value, str) else ""


_SPACE, _COMMA, _COLON, _BRACE, _BACKSLASH, _SINGLE, _DOUBLE = (ord(mark) for mark in " ,:{\\'\"")
_NOTHING_IN_R: Final = np.frombuffer(b"character(0)", np.uint8)


@numba.njit(cache=True, nogil=True)
def _without_marks(buffer: Bytes, start: Places, end: Places) -> tuple[Places, Places, Bytes]:
    """Where each list begins and ends without its brackets, the quotes around its items made spaces in the buffer.

    Also uint8[n]: 1 for lists with objects or backslashes in them, which are left as they are.
    """
    first, last = start.copy(), end.copy()
    hard = np.zeros(len(start), np.uint8)
    for i in range(len(start)):
        begin, stop = _inside(buffer, start[i], end[i])
        if begin < 0:
            continue
        for at in range(begin, stop):
            in_object = buffer[at] == _COLON and buffer[begin - 1] == _BRACE
            hard[i] |= in_object or buffer[at] in (_BRACE, _BACKSLASH)
        if not hard[i]:
            first[i], last[i] = begin, stop
            at = begin
            while at < stop:
                at = _unquote_item(buffer, at, stop)
    return first, last, hard


@numba.njit(cache=True, nogil=True)
def _inside(buffer: Bytes, begin: int, stop: int) -> tuple[int, int]:
    """What is between the brackets of a field; -1 for its beginning if the field is no list."""
    while begin < stop and buffer[begin] <= _SPACE:
        begin += 1
    while begin < stop and buffer[stop - 1] <= _SPACE:
        stop -= 1
    if stop - begin == len(_NOTHING_IN_R) and (buffer[begin:stop] == _NOTHING_IN_R).all():
        return stop, stop
    if stop - begin > 2 and buffer[begin] == ord("c") and buffer[begin + 1] == ord("("):
        begin += 1
    if stop - begin < 2:
        return -1, -1
    opening, closing = buffer[begin], buffer[stop - 1]
    fits = (
        (opening == ord("[") and closing == ord("]"))
        or (opening == ord("{") and closing == ord("}"))
        or (opening == ord("(") and closing == ord(")"))
    )
    return (begin + 1, stop - 1) if fits else (-1, -1)


@numba.njit(cache=True, nogil=True)
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

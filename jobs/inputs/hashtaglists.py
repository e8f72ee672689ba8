"""Fields that hold a list of hashtags as Python, R or JSON write it."""

from __future__ import annotations

import ast
import json
from typing import Any, Final

import numba
import numpy as np

from jobs.inputs.tables import Column
from lookalike.strings.values import Bytes, Places, frozen

HASHTAG_KEYS: Final = ("text", "tag", "name", "hashtagName")  # of an object that describes a hashtag


def plain_lists(fields: Column) -> Column:
    """The fields with commas between the hashtags and nothing else: brackets and quotes are gone.

    A field that is no list is left as it is.
    """
    buffer = fields.buffer.copy()
    start, end, hard = _without_marks(buffer, frozen(fields.start), frozen(fields.end))
    others = np.flatnonzero(hard)
    if not len(others):
        return Column(buffer, start, end)
    texts = [_joined(fields.value(i)) for i in others.tolist()]
    edges = np.cumsum([len(buffer), *map(len, texts)])
    start[others], end[others] = edges[:-1], edges[1:]
    return Column(np.concatenate([buffer, np.frombuffer(b"".join(texts), np.uint8)]), start, end)


def _joined(field: bytes) -> bytes:
    """The hashtags of a list with objects or escaped letters in it; the field itself if it cannot be read."""
    text = field.decode("utf-8", "backslashreplace")
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list):
            return ",".join(filter(None, map(hashtag_in, found))).encode("utf-8", "replace")
    return field


def hashtag_in(value: Any) -> str:
    """The hashtag that a value of a list is, or that it describes; "" if there is none."""
    if isinstance(value, dict):
        value = next((value[key] for key in HASHTAG_KEYS if key in value), None)
    return value if isinstance(value, str) else ""


_SPACE, _COMMA, _OPEN, _CLOSE, _BRACE, _BACKSLASH = 32, ord(","), ord("["), ord("]"), ord("{"), ord("\\")


@numba.njit(cache=True, nogil=True)
def _without_marks(buffer: Bytes, start: Places, end: Places) -> tuple[Places, Places, Bytes]:
    """Where each list begins and ends without its brackets, its quotes made spaces in the buffer.

    Also uint8[n]: 1 for lists with objects or backslashes in them, which are left as they are.
    """
    first, last = start.copy(), end.copy()
    hard = np.zeros(len(start), np.uint8)
    for i in range(len(start)):
        begin, stop = start[i], end[i]
        while begin < stop and buffer[begin] <= _SPACE:
            begin += 1
        while begin < stop and buffer[stop - 1] <= _SPACE:
            stop -= 1
        if stop - begin < 2 or buffer[begin] != _OPEN or buffer[stop - 1] != _CLOSE:
            continue
        for at in range(begin, stop):
            if buffer[at] == _BRACE or buffer[at] == _BACKSLASH:
                hard[i] = 1
        if hard[i]:
            continue
        first[i], last[i] = begin + 1, stop - 1
        for at in range(begin + 1, stop - 1):
            if (buffer[at] == 34 or buffer[at] == 39) and _at_an_edge(buffer, at, begin, stop - 1):
                buffer[at] = _SPACE
    return first, last, hard


@numba.njit(cache=True, nogil=True)
def _at_an_edge(buffer: Bytes, at: int, begin: int, stop: int) -> bool:
    """Whether nothing but spaces is between a quote and a comma or bracket, on one side."""
    before = at - 1
    while before > begin and buffer[before] == _SPACE:
        before -= 1
    after = at + 1
    while after < stop and buffer[after] == _SPACE:
        after += 1
    return bool(before == begin or buffer[before] == _COMMA or after == stop or buffer[after] == _COMMA)

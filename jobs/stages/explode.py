"""From a post's field of hashtags to its single hashtags."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.hashtags import normalise, spelling
from jobs.inputs.idindex import same_bytes
from jobs.inputs.tables import Column
from jobs.inputs.values import Bytes, Places, frozen, hash_bytes

_BAR = ord("|")


class Exploded(NamedTuple):
    """The hashtags of n posts: those of post i are codes[offsets[i]:offsets[i + 1]], each hashtag once a post.

    codes int32[], offsets int32[n + 1]. A code stands for a spelling of the `Spellings` that made it.
    """

    codes: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int32]


class Spellings:
    """The spellings of hashtags met so far, each under a code; spellings of one hashtag share a key's code."""

    def __init__(self) -> None:
        self._code_of: dict[bytes, int] = {}
        self._spellings: list[str] = []
        self._key_of: list[int] = []
        self._keys: dict[str, int] = {"": 0}

    def explode(self, field: Column) -> Exploded:
        """The hashtags in a column of fields such as `#One|two`; blank ones are none, doubled ones are one."""
        buffer = frozen(field.buffer)
        row, start, end = _split(buffer, frozen(field.start), frozen(field.end))
        token, first = _unique(buffer, start, end)
        codes = np.array([self._code(buffer[start[i] : end[i]].tobytes()) for i in first.tolist()], np.int32)
        keys = np.array(self._key_of, np.int32)
        return Exploded(*_distinct(row, codes[token], keys, len(field.start)))

    def strings(self) -> pa.StringArray:
        """The spelling of every code."""
        return pa.array(self._spellings, pa.string())

    def _code(self, written: bytes) -> int:
        code = self._code_of.get(written)
        if code is None:
            text = written.decode("utf-8", "backslashreplace")
            code = self._code_of[written] = len(self._spellings)
            self._spellings.append(spelling(text))
            self._key_of.append(self._keys.setdefault(normalise(text), len(self._keys)))
        return code


@numba.njit(cache=True, nogil=True)
def _split(buffer: Bytes, start: Places, end: Places) -> tuple[npt.NDArray[np.int32], Places, Places]:
    """The non-empty parts between bars: int32[] row of each, and where in the buffer it begins and ends."""
    count = 0
    for i in range(len(start)):
        count += start[i] < end[i]
        for at in range(start[i], end[i]):
            count += buffer[at] == _BAR
    row = np.empty(count, np.int32)
    first = np.empty(count, np.int64)
    last = np.empty(count, np.int64)
    count = 0
    for i in range(len(start)):
        begin = start[i]
        for at in range(start[i], end[i] + 1):
            if at == end[i] or buffer[at] == _BAR:
                if at > begin:
                    row[count] = i
                    first[count] = begin
                    last[count] = at
                    count += 1
                begin = at + 1
    return row[:count], first[:count], last[:count]


@numba.njit(cache=True, nogil=True)
def _unique(buffer: Bytes, start: Places, end: Places) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Equal values get equal numbers, from 0 in order of first occurrence: int32[n], and int64[] those places."""
    slots = 16
    while slots < 2 * len(start):
        slots *= 2
    table = np.full(slots, -1, np.int32)
    number = np.empty(len(start), np.int32)
    first = np.empty(len(start), np.int64)
    found = 0
    for i in range(len(start)):
        slot = np.int64(hash_bytes(buffer, start[i], end[i], np.uint64(0)) & np.uint64(slots - 1))
        while table[slot] >= 0:
            other = first[table[slot]]
            if same_bytes(buffer, start[i], end[i], buffer, start[other], end[other]):
                break
            slot = (slot + 1) & (slots - 1)
        if table[slot] < 0:
            table[slot] = found
            first[found] = i
            found += 1
        number[i] = table[slot]
    return number, first[:found]


@numba.njit(cache=True, nogil=True)
def _distinct(
    row: npt.NDArray[np.int32], codes: npt.NDArray[np.int32], keys: npt.NDArray[np.int32], rows: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Drop blank hashtags (key 0) and those whose key the same post has before; codes and offsets of rows."""
    kept = np.empty(len(codes), np.int32)
    offsets = np.zeros(rows + 1, np.int32)
    count = 0
    first = 0
    for i in range(len(codes)):
        if i == 0 or row[i] != row[i - 1]:
            first = count
        is_new = keys[codes[i]] != 0
        for earlier in range(first, count):
            is_new &= keys[kept[earlier]] != keys[codes[i]]
        if is_new:
            kept[count] = codes[i]
            count += 1
        offsets[row[i] + 1] = count
    for i in range(rows):
        offsets[i + 1] = max(offsets[i], offsets[i + 1])
    return kept[:count], offsets

"""From a post's field of hashtags to its single hashtags."""

from __future__ import annotations

import array
import functools
import itertools
from typing import Any, NamedTuple

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
    """The spellings of hashtags met so far, each under a code; spellings of one hashtag share a key's code.

    What was written stands once in an arena of bytes, found by a hash table of open addressing; only what is
    new becomes a Python string.
    """

    def __init__(self) -> None:
        self._slots = np.full(1 << 10, -1, np.int32)  # codes
        self._arena = np.empty(1 << 12, np.uint8)
        self._starts = np.zeros(1 << 9, np.int64)  # of each code in the arena, and where the arena's use ends
        self._known = 0
        self._spellings: list[str] = []
        self._key_of = array.array("i")
        self._keys: dict[str, int] = {"": 0}

    def explode(self, field: Column) -> Exploded:
        """The hashtags in a column of fields such as `#One|two`; blank ones are none, doubled ones are one."""
        buffer = frozen(field.buffer)
        row, start, end = _split(buffer, frozen(field.start), frozen(field.end))
        self._make_room(len(row), int((end - start).sum()))
        codes, self._known = _intern(buffer, start, end, self._slots, self._arena, self._starts, self._known)
        self._learn()
        keys = np.array(self._key_of, np.int32)
        return Exploded(*_distinct(row, codes, keys, len(field.start)))

    def strings(self) -> pa.StringArray:
        """The spelling of every code."""
        return pa.array(self._spellings, pa.string())

    def _make_room(self, hashtags: int, size: int) -> None:
        """For so many hashtags of so many bytes together, should all be new."""
        slots = len(self._slots)
        while slots < 2 * (self._known + hashtags):
            slots *= 2
        if slots > len(self._slots):
            self._slots = _rehash(self._arena, self._starts, self._known, slots)
        self._arena = _grown(self._arena, int(self._starts[self._known]) + size)
        self._starts = _grown(self._starts, self._known + hashtags + 1)

    def _learn(self) -> None:
        """Spelling and key of the codes that are new."""
        first = len(self._spellings)
        edges = self._starts[first : self._known + 1].tolist()
        written = self._arena[edges[0] : edges[-1]].tobytes()
        for start, end in itertools.pairwise(edges):
            spelled, key = _read(written[start - edges[0] : end - edges[0]])
            self._spellings.append(spelled)
            self._key_of.append(self._keys.setdefault(key, len(self._keys)))


@functools.lru_cache(maxsize=1 << 18)
def _read(written: bytes) -> tuple[str, str]:
    """Spelling and key of a hashtag; bytes that are not UTF-8 are escaped."""
    text = written.decode("utf-8", "backslashreplace")
    return spelling(text), normalise(text)


def _grown(values: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The values in an array of at least `size`, of at least twice the size if it has to be a new one."""
    if len(values) >= size:
        return values
    larger = np.empty(max(size, 2 * len(values)), values.dtype)
    larger[: len(values)] = values
    return larger


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
def _intern(
    buffer: Bytes,
    start: Places,
    end: Places,
    slots: npt.NDArray[np.int32],
    arena: Bytes,
    starts: Places,
    known: int,
) -> tuple[npt.NDArray[np.int32], int]:
    """The code of each value, int32[n], and the number of codes; new values are appended to the arena."""
    codes = np.empty(len(start), np.int32)
    for i in range(len(start)):
        slot = np.int64(hash_bytes(buffer, start[i], end[i], np.uint64(0)) & np.uint64(len(slots) - 1))
        while slots[slot] >= 0:
            code = slots[slot]
            if same_bytes(buffer, start[i], end[i], arena, starts[code], starts[code + 1]):
                break
            slot = (slot + 1) & (len(slots) - 1)
        if slots[slot] < 0:
            slots[slot] = known
            at = starts[known]
            for byte in range(start[i], end[i]):
                arena[at] = buffer[byte]
                at += 1
            known += 1
            starts[known] = at
        codes[i] = slots[slot]
    return codes, known


@numba.njit(cache=True, nogil=True)
def _rehash(arena: Bytes, starts: Places, known: int, size: int) -> npt.NDArray[np.int32]:
    """The hash table of the codes so far, int32[size], size a power of two."""
    slots = np.full(size, -1, np.int32)
    for code in range(known):
        slot = np.int64(hash_bytes(arena, starts[code], starts[code + 1], np.uint64(0)) & np.uint64(size - 1))
        while slots[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        slots[slot] = code
    return slots


@numba.njit(cache=True, nogil=True)
def _distinct(
    row: npt.NDArray[np.int32], codes: npt.NDArray[np.int32], keys: npt.NDArray[np.int32], rows: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Drop blank hashtags (key 0) and those whose key the same post has before; codes and offsets of rows."""
    kept = np.empty(len(codes), np.int32)
    offsets = np.zeros(rows + 1, np.int32)
    last_row = np.full(keys.max() + 1 if len(keys) else 1, -1, np.int32)  # that had the key
    count = 0
    for i in range(len(codes)):
        key = keys[codes[i]]
        if key != 0 and last_row[key] != row[i]:
            last_row[key] = row[i]
            kept[count] = codes[i]
            count += 1
        offsets[row[i] + 1] = count
    for i in range(rows):
        offsets[i + 1] = max(offsets[i], offsets[i + 1])
    return kept[:count], offsets

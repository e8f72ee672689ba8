"""Numbers for strings: each different one gets the next code."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.strings.compiler import compiled
from lookalike.strings.idindex import same_bytes
from lookalike.strings.values import Bytes, Places, frozen, hash_bytes

Codes = npt.NDArray[np.int32]


class Interner:
    """The strings met so far, each under a code, from 0 in the order of their coming.

    They are one after the other in an arena of bytes, found by a hash table of open addressing.
    """

    def __init__(self) -> None:
        self._slots = np.full(1 << 10, -1, np.int32)  # codes
        self._arena = np.empty(1 << 12, np.uint8)
        self._offsets = np.zeros(1 << 9, np.int64)
        self._known = 0

    def __len__(self) -> int:
        """Different strings."""
        return self._known

    @property
    def packed(self) -> Bytes:
        """uint8[]: the bytes of all strings; valid until the next ones are added."""
        return self._arena[: self._offsets[self._known]]

    @property
    def offsets(self) -> Places:
        """int64[n + 1]: string i is packed[offsets[i]:offsets[i + 1]]."""
        return self._offsets[: self._known + 1]

    def add(self, buffer: Bytes, start: Places, end: Places) -> Codes:
        """int32[n]: the codes of the strings buffer[start[i]:end[i]]."""
        self._make_room(len(start), int((end - start).sum()))
        table = self._slots, self._arena, self._offsets
        codes, self._known = _intern(frozen(buffer), frozen(start), frozen(end), *table, self._known)
        return codes

    def _make_room(self, strings: int, size: int) -> None:
        """For so many strings of so many bytes together, should all be new."""
        slots = len(self._slots)
        while slots < 2 * (self._known + strings):
            slots *= 2
        if slots > len(self._slots):
            self._slots = _rehash(self._arena, self._offsets, self._known, slots)
        self._arena = _grown(self._arena, int(self._offsets[self._known]) + size)
        self._offsets = _grown(self._offsets, self._known + strings + 1)


def _grown(values: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The values in an array of at least `size`, of at least twice the size if it has to be a new one."""
    if len(values) >= size:
        return values
    larger = np.empty(max(size, 2 * len(values)), values.dtype)
    larger[: len(values)] = values
    return larger


@compiled
def _intern(
    buffer: Bytes, start: Places, end: Places, slots: Codes, arena: Bytes, offsets: Places, known: int
) -> tuple[Codes, int]:
    """The code of each string, int32[n], and the number of codes; new strings are appended to the arena."""
    codes = np.empty(len(start), np.int32)
    first = np.empty(len(start), np.int64)
    for i in range(len(start)):  # all slots at first: the processor waits for many at a time
        first[i] = np.int64(hash_bytes(buffer, start[i], end[i], np.uint64(0)) & np.uint64(len(slots) - 1))
        codes[i] = slots[first[i]]
    for i in range(len(start)):
        slot = first[i]
        while slots[slot] >= 0:
            code = slots[slot]
            if same_bytes(buffer, start[i], end[i], arena, offsets[code], offsets[code + 1]):
                break
            slot = (slot + 1) & (len(slots) - 1)
        if slots[slot] < 0:
            slots[slot] = known
            at = offsets[known]
            for byte in range(start[i], end[i]):
                arena[at] = buffer[byte]
                at += 1
            known += 1
            offsets[known] = at
        codes[i] = slots[slot]
    return codes, known


@compiled
def _rehash(arena: Bytes, offsets: Places, known: int, size: int) -> Codes:
    """The hash table of the codes so far, int32[size], size a power of two."""
    slots = np.full(size, -1, np.int32)
    for code in range(known):
        slot = np.int64(hash_bytes(arena, offsets[code], offsets[code + 1], np.uint64(0)) & np.uint64(size - 1))
        while slots[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        slots[slot] = code
    return slots

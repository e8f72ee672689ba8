"""Finding an account by its id: an open-addressed hash table that lives in one array."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.strings.compiler import compiled
from lookalike.strings.values import Bytes, Places, frozen, hash_bytes
from lookalike.strings.words import load_word, product_high

# uint64[SLOTS_PER_ID * n]: a slot holds the lower half of an id's hash above the id's place, or EMPTY. The
# upper bits of the hash choose the slot, the next free one is taken, and the last is followed by the first.
Slots = npt.NDArray[np.uint64]
SLOTS_PER_ID = 2

_EMPTY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_PLACE = np.uint64(0xFFFF_FFFF)  # the place's bits of a slot
_MOST_IDS = 0xFFFF_FFFF  # the last place would make some slot look empty
_SEED = np.uint64(0)


def build_index(packed: Bytes, offsets: Places) -> Slots:
    """Index the ids packed[offsets[i]:offsets[i + 1]], which differ from each other."""
    if len(offsets) > _MOST_IDS:
        raise ValueError(f"{len(offsets) - 1} ids; more than {_MOST_IDS - 1} cannot be indexed")
    slots = np.full((len(offsets) - 1) * SLOTS_PER_ID, _EMPTY, np.uint64)
    _fill(slots, frozen(packed), frozen(offsets))
    return slots


def find_ids(slots: Slots, packed: Bytes, offsets: Places, buffer: Bytes, start: Places, end: Places) -> Places:
    """int64[n]: the place of each value, buffer[start[i]:end[i]], among the indexed ids, or -1."""
    if not len(slots):
        return np.full(len(start), -1, np.int64)
    ids = frozen(slots), frozen(packed), frozen(offsets)
    return _find_ids(*ids, frozen(buffer), frozen(start), frozen(end))


@compiled
def _fill(slots: Slots, packed: Bytes, offsets: Places) -> None:
    for place in range(len(offsets) - 1):
        hashed = hash_bytes(packed, offsets[place], offsets[place + 1], _SEED)
        at = np.int64(product_high(hashed, np.uint64(len(slots))))
        while slots[at] != _EMPTY:
            at = at + 1 if at + 1 < len(slots) else np.int64(0)
        slots[at] = (hashed << np.uint64(32)) | np.uint64(place)


@compiled
def _find_ids(slots: Slots, packed: Bytes, offsets: Places, buffer: Bytes, start: Places, end: Places) -> Places:
    # Short loops, each with one look into a large array: so the processor waits for many rows at a time.
    count = np.uint64(len(slots))
    hashes = np.empty(len(start), np.uint64)
    chosen = np.empty(len(start), np.int64)
    held = np.empty(len(start), np.uint64)
    begins = np.empty((2, len(start)), np.int64)
    for i in range(len(start)):
        hashed = hash_bytes(buffer, start[i], end[i], _SEED)
        chosen[i] = product_high(hashed, count)
        held[i] = slots[chosen[i]]
        hashes[i] = hashed << np.uint64(32)
    for i in range(len(start)):
        while held[i] != _EMPTY and (held[i] ^ hashes[i]) > _PLACE:
            chosen[i] = chosen[i] + 1 if chosen[i] + 1 < len(slots) else 0
            held[i] = slots[chosen[i]]
        if held[i] != _EMPTY:
            place = held[i] & _PLACE
            begins[0, i], begins[1, i] = offsets[place], offsets[place + np.uint64(1)]
    found = np.empty(len(start), np.int64)
    for i in range(len(start)):
        found[i] = -1
        if held[i] == _EMPTY:
            continue
        if same_bytes(packed, begins[0, i], begins[1, i], buffer, start[i], end[i]):
            found[i] = held[i] & _PLACE
        else:
            found[i] = _find_next(slots, packed, offsets, buffer, start[i], end[i], hashes[i], chosen[i])
    return found


@compiled
def _find_next(
    slots: Slots,
    packed: Bytes,
    offsets: Places,
    buffer: Bytes,
    start: int,
    end: int,
    hashed: np.uint64,
    at: np.int64,
) -> np.int64:
    """Look on after a slot whose id has the value's half of a hash but is another."""
    while True:
        at = at + 1 if at + 1 < len(slots) else np.int64(0)
        if slots[at] == _EMPTY:
            return np.int64(-1)
        place = np.int64(slots[at] & _PLACE)
        same_half = (slots[at] ^ hashed) <= _PLACE
        if same_half and same_bytes(packed, offsets[place], offsets[place + 1], buffer, start, end):
            return place


@compiled
def less_bytes(one: Bytes, start: int, end: int, other: Bytes, other_start: int, other_end: int) -> bool:
    """Whether one[start:end] comes before other[other_start:other_end]."""
    for step in range(min(end - start, other_end - other_start)):
        if one[start + step] != other[other_start + step]:
            return bool(one[start + step] < other[other_start + step])
    return bool(end - start < other_end - other_start)


@compiled
def same_bytes(one: Bytes, start: int, end: int, other: Bytes, other_start: int, other_end: int) -> bool:
    """Whether one[start:end] is other[other_start:other_end]."""
    length = end - start
    if length != other_end - other_start:
        return False
    step = 0
    while step + 8 <= length:
        if load_word(one, start + step) != load_word(other, other_start + step):
            return False
        step += 8
    while step < length:
        if one[start + step] != other[other_start + step]:
            return False
        step += 1
    return True

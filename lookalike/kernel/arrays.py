"""The arrays that the compiled parts of the comparison hand to each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.kernel.hashes import PADDING
from lookalike.kernel.names import Codes, EncodedNames, read_only
from lookalike.kernel.screen import signatures
from lookalike.strings.compiler import compiled
from lookalike.strings.copying import ROOM, copy_short


class SortedNames(NamedTuple):
    """n names in order of (length, place in the input); where some are fresh, (length, stale before fresh, place).

    member  uint32[n], the name's index in the EncodedNames that it was taken from
    start   int64[n], where its characters begin in `codes`
    length  int64[n], ascending
    signature uint64[n], see lookalike.kernel.screen
    codes   the characters of all of them; as `sorted_names` makes it, in this order and without anything between,
            with hashes.PADDING more after the last
    """

    member: npt.NDArray[np.uint32]
    start: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    signature: npt.NDArray[np.uint64]
    codes: Codes


class FreshPlaces(NamedTuple):
    """Which of n sorted names are fresh: their places, int64[f] and ascending, and the lengths of these names."""

    place: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]


class PairBuffer(NamedTuple):
    """Room for found pairs: left < right are indices of names; group says which group they belong to."""

    left: npt.NDArray[np.uint32]
    right: npt.NDArray[np.uint32]
    distance: npt.NDArray[np.int32]
    group: npt.NDArray[np.uint32]


def pair_buffer(capacity: int) -> PairBuffer:
    """An empty buffer for `capacity` pairs."""
    return PairBuffer(
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.uint32),
    )


@compiled
def put_pair(buffer: PairBuffer, at: int, one: int, other: int, distance: int, group: int) -> None:
    """Write a pair at `at`, the smaller index first."""
    buffer.left[at] = min(one, other)
    buffer.right[at] = max(one, other)
    buffer.distance[at] = distance
    buffer.group[at] = group


@compiled
def order_by_length(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Stable argsort of small non-negative integers, by counting."""
    longest = 0
    for length in lengths:
        longest = max(longest, length)
    place = np.zeros(longest + 2, np.int64)
    for length in lengths:
        place[length + 1] += 1
    for length in range(longest + 1):
        place[length + 1] += place[length]
    order = np.empty(len(lengths), np.int64)
    for i in range(len(lengths)):
        order[place[lengths[i]]] = i
        place[lengths[i]] += 1
    return order


@compiled
def _packed(
    codes: Codes, start: npt.NDArray[np.int64], length: npt.NDArray[np.int64]
) -> tuple[Codes, npt.NDArray[np.int64]]:
    """The names' characters copied one after the other, so that a large group stays near the processor."""
    packed = np.empty(length.sum() + PADDING + ROOM, codes.dtype)
    size = packed.itemsize
    source, target = codes.view(np.uint8), packed.view(np.uint8)
    packed_start = np.empty(len(start), np.int64)
    at = 0
    for i in range(len(start)):
        packed_start[i] = at
        copy_short(target, at * size, source, start[i] * size, length[i] * size)
        at += length[i]
    packed[at:] = 0
    return packed, packed_start


def order_of_comparison(
    names: EncodedNames, members: npt.NDArray[np.uint32], fresh: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.int64]:
    """int64[n]: the places of `members` by (length, stale before fresh, place).

    fresh: bool[n], of each member; None is as if all were alike.
    """
    lengths = names.offsets[members.astype(np.int64) + 1] - names.offsets[members]
    return order_by_length(lengths if fresh is None else 2 * lengths + fresh)


def packed_names(names: EncodedNames, chosen: npt.NDArray[np.uint32]) -> SortedNames:
    """The chosen names, which are in the order of comparison, with their characters packed."""
    start = names.offsets[chosen]
    length = names.offsets[chosen.astype(np.int64) + 1] - start
    codes, packed_start = _packed(names.codes, start, length)
    return SortedNames(chosen, packed_start, length, signatures(names.once, names.twice, chosen), read_only(codes))


def fresh_places(names: SortedNames, fresh: npt.NDArray[np.bool_]) -> FreshPlaces:
    """Which places hold fresh names, given bool[n] of each place."""
    place = np.flatnonzero(fresh)
    return FreshPlaces(place, names.length[place])


def sorted_names(names: EncodedNames, members: npt.NDArray[np.uint32]) -> SortedNames:
    """The chosen names (indices, each once) in the order of comparison, their characters packed."""
    return packed_names(names, members[order_of_comparison(names, members)])

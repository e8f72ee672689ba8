"""The members of a hashtag by their names, in a snapshot that has identical names as groups."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.errors import SnapshotError
from lookalike.kernel import EncodedNames, Threshold, encode_names, signals, similar_pairs
from lookalike.kernel.names import compared_names
from lookalike.strings.places import PlaceFinder, PlainPlaces, StringPlaces

Numbers = npt.NDArray[np.uint32]
Distances = npt.NDArray[np.int32]
# Of the names of groups those that are similar to one of them, without it, and their distances.
FindNames = Callable[[EncodedNames, int, Threshold], tuple[Numbers, Distances]]


def names_near(names: EncodedNames, own: int, threshold: Threshold) -> tuple[Numbers, Distances]:
    """FindNames by the kernel."""
    fresh = np.zeros(len(names), np.bool_)
    fresh[own] = True
    near, distance = [np.zeros(0, np.uint32)], [np.zeros(0, np.int32)]
    for pairs in similar_pairs(names, threshold, fresh=fresh):
        near.append(np.where(pairs.left == own, pairs.right, pairs.left))
        distance.append(pairs.distance)
    return np.concatenate(near), np.concatenate(distance)


@dataclasses.dataclass(frozen=True)
class NameGroups:
    """n members and g groups of them, each of one name; a member is its place in the order of ids.

    plainly: nothing compiled is run, as long as `similar_to` finds names with other means.

    ids: StringArray[n]. group_of: uint32[n]. members uint32[n], starts int64[g + 1]: group k has the members
    members[starts[k]:starts[k + 1]], ascending. Groups are in the order of their first members. names: of the groups.
    """

    ids: pa.StringArray
    group_of: Numbers
    members: Numbers
    starts: npt.NDArray[np.int64]
    names: EncodedNames
    plainly: bool = False

    @classmethod
    def of(
        cls, members: pa.Table, identical: pa.Table, *, fold: Literal["none", "case"], plainly: bool = False
    ) -> Self:
        """From all members of a hashtag (tables.MEMBERS), by id, and its rows of tables.IDENTICAL.

        Raises SnapshotError for an account in `identical` that is no member.
        """
        ids = members.column("account_id").combine_chunks()
        first: npt.NDArray[np.int64] = np.arange(len(ids))
        places = _finder(ids, plainly)
        one, other = (places_of(identical.column(side), places) for side in ("account_a", "account_b"))
        first[other] = one
        is_first = first == np.arange(len(ids))
        if not is_first[one].all():
            raise SnapshotError("identical: a group's first account is in another group")
        group_of = (np.cumsum(is_first) - 1)[first].astype(np.uint32)
        starts = np.concatenate([[0], np.cumsum(np.bincount(group_of))])
        names = members.column("screen_name").combine_chunks().cast(pa.large_string()).filter(pa.array(is_first))
        by_group = np.argsort(group_of, kind="stable").astype(np.uint32)
        encoded = encode_names(compared_names(names, fold=fold), summarise=not plainly)
        return cls(ids, group_of, by_group, starts, encoded, plainly)

    def __len__(self) -> int:
        """Number of groups."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """int64[g]: members of each group."""
        return np.diff(self.starts)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        arrays = self.group_of, self.members, self.starts, *self.names.arrays
        return int(self.ids.nbytes) + sum(array.nbytes for array in arrays) + 8 * len(self.members) * self.plainly

    @functools.cached_property
    def in_order(self) -> npt.NDArray[np.uint64]:
        """uint64[n]: by_both of the group of each of `members` and itself; ascending."""
        return by_both(self.group_of[self.members], self.members)

    @functools.cached_property
    def firsts(self) -> PlaceFinder:
        """Of the id of each group's first member."""
        return _finder(self.ids.take(pa.array(self.members[self.starts[:-1]])), self.plainly)

    def similar_to(
        self, member: int, threshold: Threshold, prefix_length: int | None, find: FindNames = names_near
    ) -> tuple[Numbers, Distances]:
        """The members that are a similar pair with one, and the distances of their names.

        prefix_length: so many characters at the beginning must be the same; None for lossless blocking.
        """
        own = int(self.group_of[member])
        near, distance = find(self.names, own, threshold)
        groups = np.concatenate([np.array([own], np.uint32), near])
        distances = np.concatenate([np.zeros(1, np.int32), distance])
        if prefix_length is not None:
            prefixes = [self._prefix(group, prefix_length) for group in groups.tolist()]
            same = np.array([prefix == prefixes[0] for prefix in prefixes])
            groups, distances = groups[same], distances[same]
        sizes = self.sizes[groups]
        members = np.concatenate([self.members[self.starts[group] : self.starts[group + 1]] for group in groups])
        others = members != member
        return members[others], np.repeat(distances, sizes)[others]

    def _prefix(self, group: int, length: int) -> bytes:
        begin, end = self.names.offsets[group : group + 2]
        return self.names.codes[begin : min(end, begin + length)].tobytes()

    def signals(self, left: Numbers, right: Numbers, distance: npt.NDArray[np.int32]) -> dict[str, npt.NDArray[Any]]:
        """The columns of tables.PAIRS behind the key, by name, of pairs of members."""
        return signals(self.names, self.group_of[left], self.group_of[right], distance)


def by_both(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """uint64[n]: numbers that are in the order of one array of numbers below 2^32, then of another."""
    return one.astype(np.uint64) << np.uint64(32) | other.astype(np.uint64)


def _finder(ids: pa.StringArray, plainly: bool) -> PlaceFinder:
    return PlainPlaces(ids) if plainly else StringPlaces(ids)


def places_of(accounts: pa.ChunkedArray, ids: PlaceFinder) -> npt.NDArray[np.int64]:
    """int64[]: the place of each account among some ids. Raises SnapshotError for one that is not there."""
    strings = accounts.combine_chunks()
    found: npt.NDArray[np.int64] = ids.find(strings)
    missing = np.flatnonzero(found < 0)
    if len(missing):
        stranger = strings[int(missing[0])].as_py()
        raise SnapshotError(f"a pair of an account that is not where it should be: {stranger[:80]!r}")
    return found

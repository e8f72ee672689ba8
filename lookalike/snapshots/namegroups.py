"""The members of a hashtag by their names, in a snapshot that has identical names as groups."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.errors import SnapshotError
from lookalike.kernel import EncodedNames, Threshold, encode_names, signals, similar_pairs
from lookalike.kernel.names import compared_names
from lookalike.kernel.prefix import prefix_hashes
from lookalike.strings.places import StringPlaces

Numbers = npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class NameGroups:
    """n members and g groups of them, each of one name; a member is its place in the order of ids.

    ids: StringArray[n]. group_of: uint32[n]. members uint32[n], starts int64[g + 1]: group k has the members
    members[starts[k]:starts[k + 1]], ascending. Groups are in the order of their first members. names: of the groups.
    """

    ids: pa.StringArray
    group_of: Numbers
    members: Numbers
    starts: npt.NDArray[np.int64]
    names: EncodedNames

    @classmethod
    def of(cls, members: pa.Table, identical: pa.Table, *, fold: Literal["none", "case"]) -> Self:
        """From all members of a hashtag (tables.MEMBERS), by id, and its rows of tables.IDENTICAL.

        Raises SnapshotError for an account in `identical` that is no member.
        """
        ids = members.column("account_id").combine_chunks()
        first: npt.NDArray[np.int64] = np.arange(len(ids))
        places = StringPlaces(ids)
        one, other = (places_of(identical.column(side), places) for side in ("account_a", "account_b"))
        first[other] = one
        is_first = first == np.arange(len(ids))
        if not is_first[one].all():
            raise SnapshotError("identical: a group's first account is in another group")
        group_of = (np.cumsum(is_first) - 1)[first].astype(np.uint32)
        starts = np.concatenate([[0], np.cumsum(np.bincount(group_of))])
        names = members.column("screen_name").combine_chunks().cast(pa.large_string()).filter(pa.array(is_first))
        by_group = np.argsort(group_of, kind="stable").astype(np.uint32)
        return cls(ids, group_of, by_group, starts, encode_names(compared_names(names, fold=fold)))

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
        return int(self.ids.nbytes) + sum(array.nbytes for array in arrays)

    def first_ids(self) -> pa.StringArray:
        """StringArray[g]: the id of each group's first member."""
        return self.ids.take(pa.array(self.members[self.starts[:-1]]))

    def similar_to(
        self, member: int, threshold: Threshold, prefix_length: int | None
    ) -> tuple[Numbers, npt.NDArray[np.int32]]:
        """The members that are a similar pair with one, and the distances of their names.

        prefix_length: so many characters at the beginning must be the same; None for lossless blocking.
        """
        own = self.group_of[member]
        fresh = np.zeros(len(self), np.bool_)
        fresh[own] = True
        near, distance = [np.array([own], np.uint32)], [np.zeros(1, np.int32)]
        for pairs in similar_pairs(self.names, threshold, fresh=fresh):
            near.append(np.where(pairs.left == own, pairs.right, pairs.left))
            distance.append(pairs.distance)
        groups, distances = np.concatenate(near), np.concatenate(distance)
        if prefix_length is not None:
            prefix = prefix_hashes(self.names.codes, self.names.offsets, groups, prefix_length)
            groups, distances = groups[prefix == prefix[0]], distances[prefix == prefix[0]]
        sizes = self.sizes[groups]
        members = np.concatenate([self.members[self.starts[group] : self.starts[group + 1]] for group in groups])
        others = members != member
        return members[others], np.repeat(distances, sizes)[others]

    def signals(self, left: Numbers, right: Numbers, distance: npt.NDArray[np.int32]) -> dict[str, npt.NDArray[Any]]:
        """The columns of tables.PAIRS behind the key, by name, of pairs of members."""
        return signals(self.names, self.group_of[left], self.group_of[right], distance)


def places_of(accounts: pa.ChunkedArray, ids: StringPlaces) -> npt.NDArray[np.int64]:
    """int64[]: the place of each account among some ids. Raises SnapshotError for one that is not there."""
    strings = accounts.combine_chunks()
    found: npt.NDArray[np.int64] = ids.find(strings)
    missing = np.flatnonzero(found < 0)
    if len(missing):
        stranger = strings[int(missing[0])].as_py()
        raise SnapshotError(f"a pair of an account that is not where it should be: {stranger[:80]!r}")
    return found

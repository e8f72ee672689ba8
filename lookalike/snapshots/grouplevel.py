"""The pairs of one similarity, as pairs of groups of members with one name: counted and listed member by member.

A row is a pair of members, the first before the second by id, and rows are in the order of (first, second). A member
is paired with all members of the groups that are neighbours of its own.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from lookalike.snapshots.namegroups import Distances, NameGroups, Numbers
from lookalike.snapshots.plainrows import Neighbours, list_rows_plainly
from lookalike.strings.compiler import compiled
from lookalike.strings.values import frozen

Places = npt.NDArray[np.int64]

_MANY = 16  # of so many members one in a list: from then on going through all costs less than sorting


class _Members(NamedTuple):
    """See NameGroups; for compiled code."""

    group_of: Numbers
    members: Numbers
    starts: Places


@dataclasses.dataclass(frozen=True)
class GroupLevel:
    """left, right uint32[n], distance int32[n]: n pairs of groups, each once; or each group with itself.

    similarity: of all of them.
    """

    similarity: float
    groups: NameGroups
    left: Numbers
    right: Numbers
    distance: Distances

    @classmethod
    def within(cls, groups: NameGroups) -> Self:
        """The pairs inside of the groups."""
        several = np.flatnonzero(groups.sizes > 1).astype(np.uint32)
        return cls(1.0, groups, several, several, np.zeros(len(several), np.int32))

    @functools.cached_property
    def total(self) -> int:
        """Number of rows."""
        return self._pairs_of(self.groups.sizes)

    def rows_before(self, member: int) -> int:
        """Number of rows whose first member is before one: in all others both are that one or come after it."""
        return self.total - self._pairs_of(np.bincount(self.groups.group_of[member:], minlength=len(self.groups)))

    def _pairs_of(self, sizes: Places) -> int:
        """The pairs if each group had so many members."""
        one, other = sizes[self.left], sizes[self.right]
        return int((one * (one - 1) // 2 if self.similarity == 1 else one * other).sum())

    @property
    def nbytes(self) -> int:
        """Bytes of memory, once all of it has been worked out."""
        return 40 * len(self.left) + 8 * len(self.groups)

    def rows(self, first: int, least: int) -> tuple[Numbers, Numbers, Distances, int]:
        """Both sides and the distances of the rows of members from `first` on, at least so many if there are.

        Also the member after these. Memory: as many rows, and those of one member.
        """
        if self.groups.plainly:
            return list_rows_plainly(self.groups, self._neighbours, first, least)
        left, right, distance, end = _list_rows(self._members, self._neighbours, first, least)
        return left, right, distance, int(end)

    @functools.cached_property
    def _members(self) -> _Members:
        groups = self.groups
        return _Members(frozen(groups.group_of), frozen(groups.members), frozen(groups.starts))

    @functools.cached_property
    def _neighbours(self) -> Neighbours:
        one, other, distance = self.left, self.right, self.distance
        if self.similarity < 1:
            one, other = np.concatenate([one, other]), np.concatenate([other, one])
            distance = np.tile(distance, 2)
        order = np.argsort(one, kind="stable")
        counts = np.bincount(one, minlength=len(self.groups))
        starts = np.concatenate([[0], np.cumsum(counts)])
        return Neighbours(frozen(starts), frozen(other[order]), frozen(distance[order]))


@compiled
def _list_rows(of: _Members, near: Neighbours, first: int, least: int) -> tuple[Numbers, Numbers, Distances, int]:
    total = np.int64(0)
    end = first
    while end < len(of.group_of) and total < least:
        group = of.group_of[end]
        for at in range(near.starts[group], near.starts[group + 1]):
            theirs = of.members[of.starts[near.group[at]] : of.starts[near.group[at] + 1]]
            total += len(theirs) - np.searchsorted(theirs, end, side="right")
        end += 1
    left = np.empty(total, np.uint32)
    rows = np.empty(total, np.uint64)  # the second member above the distance
    marks = np.zeros(len(of.group_of), np.uint64)
    count = 0
    for member in range(first, end):
        group = of.group_of[member]
        begin = count
        for at in range(near.starts[group], near.starts[group + 1]):
            theirs = of.members[of.starts[near.group[at]] : of.starts[near.group[at] + 1]]
            for place in range(np.searchsorted(theirs, member, side="right"), len(theirs)):
                left[count] = member
                rows[count] = (np.uint64(theirs[place]) << np.uint64(32)) | np.uint64(near.distance[at])
                count += 1
        if near.starts[group + 1] - near.starts[group] > 1:
            _put_in_order(rows[begin:count], marks, member)
    right = np.empty(total, np.uint32)
    distance = np.empty(total, np.int32)
    for row in range(total):
        right[row] = rows[row] >> np.uint64(32)
        distance[row] = rows[row] & np.uint64(0xFFFFFFFF)
    return left, right, distance, end


@compiled
def _put_in_order(rows: npt.NDArray[np.uint64], marks: npt.NDArray[np.uint64], member: int) -> None:
    """Sort rows of one member. marks: a 0 for each member, and again afterwards."""
    if _MANY * len(rows) < len(marks) - member:
        rows.sort()
        return
    for row in rows:
        marks[np.int64(row >> np.uint64(32))] = row  # never 0: the second member is after another one
    count = 0
    for other in range(member + 1, len(marks)):
        if marks[other]:
            rows[count] = marks[other]
            marks[other] = 0
            count += 1

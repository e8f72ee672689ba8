"""The pairs of one similarity, as pairs of groups of members with one name: counted and listed member by member.

A row is a pair of members, the first before the second by id, and rows are in the order of (first, second). A member is
paired with all members of the groups that are neighbours of its own.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple, Self

import numba
import numpy as np
import numpy.typing as npt

from lookalike.snapshots.namegroups import NameGroups, Numbers
from lookalike.strings.values import frozen

Places = npt.NDArray[np.int64]
Distances = npt.NDArray[np.int32]

_NEAR = 16  # two lists are merged if the longer one has at most so many times as many, else searched in


class _Neighbours(NamedTuple):
    """Of group k those at [starts[k], starts[k + 1]), with the distance of the two names; for compiled code."""

    starts: Places
    group: Numbers
    distance: Distances


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
        sizes = self.groups.sizes
        if self.similarity == 1:
            sizes = sizes[self.left]
            return int((sizes * (sizes - 1) // 2).sum())
        return int((sizes[self.left] * sizes[self.right]).sum())

    @functools.cached_property
    def ends(self) -> Places:
        """int64[members]: the rows whose first member is at most each."""
        return np.cumsum(_count_rows(self._members, self._neighbours))

    @property
    def nbytes(self) -> int:
        """Bytes of memory, once all of it has been worked out."""
        return 40 * len(self.left) + 8 * (len(self.groups.group_of) + len(self.groups))

    def rows(self, first: int, least: int) -> tuple[Numbers, Numbers, Distances, int]:
        """Both sides and the distances of the rows of members from `first` on, at least so many if there are.

        Also the member after these. Memory: as many rows, and those of one member.
        """
        left, right, distance, end = _list_rows(self._members, self._neighbours, first, least)
        return left, right, distance, int(end)

    @functools.cached_property
    def _members(self) -> _Members:
        groups = self.groups
        return _Members(frozen(groups.group_of), frozen(groups.members), frozen(groups.starts))

    @functools.cached_property
    def _neighbours(self) -> _Neighbours:
        one, other, distance = self.left, self.right, self.distance
        if self.similarity < 1:
            one, other = np.concatenate([one, other]), np.concatenate([other, one])
            distance = np.tile(distance, 2)
        order = np.argsort(one, kind="stable")
        counts = np.bincount(one, minlength=len(self.groups))
        starts = np.concatenate([[0], np.cumsum(counts)])
        return _Neighbours(frozen(starts), frozen(other[order]), frozen(distance[order]))


@numba.njit(cache=True, nogil=True)
def _count_rows(of: _Members, near: _Neighbours) -> Places:
    """int64[members]: for each the neighbours' members after it.

    Takes about as long as the smaller of each two groups is large.
    """
    counts = np.zeros(len(of.group_of), np.int64)
    for group in range(len(near.starts) - 1):
        if near.starts[group] == near.starts[group + 1]:
            continue
        own = of.members[of.starts[group] : of.starts[group + 1]]
        before = np.zeros(len(own) + 1, np.int64)  # neighbours' members that have so many of `own` before them
        for at in range(near.starts[group], near.starts[group + 1]):
            theirs = of.members[of.starts[near.group[at]] : of.starts[near.group[at] + 1]]
            if len(theirs) > _NEAR * len(own):
                for place in range(len(own)):
                    counts[own[place]] += len(theirs) - np.searchsorted(theirs, own[place], side="right")
            elif len(own) > _NEAR * len(theirs):
                for member in theirs:
                    before[np.searchsorted(own, member)] += 1
            else:
                place = 0
                for member in theirs:
                    while place < len(own) and own[place] < member:
                        place += 1
                    before[place] += 1
        after = 0
        for place in range(len(own) - 1, -1, -1):
            after += before[place + 1]
            counts[own[place]] += after
    return counts


@numba.njit(cache=True, nogil=True)
def _list_rows(of: _Members, near: _Neighbours, first: int, least: int) -> tuple[Numbers, Numbers, Distances, int]:
    total = 0
    end = first
    while end < len(of.group_of) and total < least:
        group = of.group_of[end]
        for at in range(near.starts[group], near.starts[group + 1]):
            theirs = of.members[of.starts[near.group[at]] : of.starts[near.group[at] + 1]]
            total += len(theirs) - np.searchsorted(theirs, end, side="right")
        end += 1
    left = np.empty(total, np.uint32)
    rows = np.empty(total, np.uint64)  # the second member above the distance
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
            rows[begin:count].sort()
    right = np.empty(total, np.uint32)
    distance = np.empty(total, np.int32)
    for row in range(total):
        right[row] = rows[row] >> np.uint64(32)
        distance[row] = rows[row] & np.uint64(0xFFFFFFFF)
    return left, right, distance, end

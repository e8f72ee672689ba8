"""The rows of a level of a grouped hashtag by numpy, for where compiled functions are not ready: see grouplevel."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.snapshots.namegroups import Distances, NameGroups, Numbers, by_both

Places = npt.NDArray[np.int64]

_AT_ONCE: Final = 1 << 12  # members


class Neighbours(NamedTuple):
    """Of group k those at [starts[k], starts[k + 1]), with the distance of the two names."""

    starts: Places
    group: Numbers
    distance: Distances


def list_rows_plainly(
    groups: NameGroups, near: Neighbours, first: int, least: int
) -> tuple[Numbers, Numbers, Distances, int]:
    """As GroupLevel.rows; a row takes ten times as long as in compiled code."""
    members, end = len(groups.group_of), first
    lefts, rights, distances = [np.zeros(0, np.uint32)], [np.zeros(0, np.uint32)], [np.zeros(0, np.int32)]
    while end < members and least > 0:
        left, right, distance, end = _some_rows(groups, near, end, least)
        lefts.append(left)
        rights.append(right)
        distances.append(distance)
        least -= len(left)
    return np.concatenate(lefts), np.concatenate(rights), np.concatenate(distances), end


def _some_rows(
    groups: NameGroups, near: Neighbours, first: int, least: int
) -> tuple[Numbers, Numbers, Distances, int]:
    """The same, or fewer."""
    # Each of these members meets the groups near its own: a meeting is a stretch of groups.members.
    group = groups.group_of[first : first + _AT_ONCE]
    meetings = near.starts[group + 1] - near.starts[group]
    group = group[: max(1, int(np.searchsorted(np.cumsum(meetings), least + _AT_ONCE, side="right")))]
    meetings = meetings[: len(group)]
    member = first + np.repeat(np.arange(len(group)), meetings)
    which = _stretches(near.starts[group], meetings)
    begin = np.searchsorted(groups.in_order, by_both(near.group[which], member), side="right")
    rows = groups.starts[near.group[which] + 1] - begin
    end = first + len(group)
    listed = np.cumsum(rows)
    if len(listed) and listed[-1] >= least:
        end = int(member[np.searchsorted(listed, least)]) + 1
        kept = int(np.searchsorted(member, end))
        member, which, begin, rows = member[:kept], which[:kept], begin[:kept], rows[:kept]
    left = np.repeat(member, rows).astype(np.uint32)
    right = groups.members[_stretches(begin, rows)]
    distance = np.repeat(near.distance[which], rows)
    if meetings.max(initial=0) > 1:
        order = np.argsort(by_both(left, right))
        left, right, distance = left[order], right[order], distance[order]
    return left, right, distance, end


def _stretches(begin: Places, length: Places) -> Places:
    """The numbers from begin[i] to begin[i] + length[i], for each i."""
    before = np.cumsum(length) - length
    return np.repeat(begin - before, length) + np.arange(length.sum())

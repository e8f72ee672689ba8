"""Comparison of many small groups, each by itself and without an index."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import FreshPlaces, SortedNames, order_by_length
from lookalike.kernel.direct import compare_range
from lookalike.kernel.fewfresh import compare_few_fresh
from lookalike.kernel.fresh import compare_fresh
from lookalike.kernel.names import NameArrays
from lookalike.kernel.screen import signature
from lookalike.kernel.workspace import Workspace
from lookalike.strings.compiler import compiled

FEW_FRESH = 4  # up to so many, putting the group in order costs more than it saves


class Groups(NamedTuple):
    """Group g holds the names members[start[g]:start[g + 1]].

    members uint32[n], indices of names, each once a group
    fresh   bool[n], and only pairs of which one name is fresh are wanted; or bool[0], and all are
    start   int64[groups + 1]
    """

    members: npt.NDArray[np.uint32]
    fresh: npt.NDArray[np.bool_]
    start: npt.NDArray[np.int64]


@compiled
def compare_groups(names: NameArrays, groups: Groups, space: Workspace, resume: npt.NDArray[np.int64]) -> int:
    """Fill space.out with the similar pairs of many groups, from group resume[2] on; the number of pairs.

    resume is int64[3], at the beginning (0, -1, 0); all is done when resume[2] is the number of groups. For the rest
    of it see `compare_range`.
    """
    codes, offsets, once, twice = names
    members, fresh, group_starts = groups
    found = 0
    while resume[2] < len(group_starts) - 1:
        group = resume[2]
        begin, end = group_starts[group], group_starts[group + 1]
        n = end - begin
        count = n
        if len(fresh):
            count = 0
            for i in range(begin, end):
                count += fresh[i]
        if n > 1 and 0 < count <= min(n - 1, FEW_FRESH):
            found = compare_few_fresh(names, members[begin:end], fresh[begin:end], space, resume, found, group)
            if resume[0] < n:
                return found
        elif n > 1 and count > 0:
            chosen = members[begin:end]
            keys = np.empty(n, np.int64)
            for i in range(n):
                keys[i] = offsets[chosen[i] + 1] - offsets[chosen[i]]
                if count < n:
                    keys[i] = 2 * keys[i] + fresh[begin + i]
            order = order_by_length(keys)
            ordered = SortedNames(
                np.empty(n, np.uint32),
                np.empty(n, np.int64),
                np.empty(n, np.int64),
                np.empty(n, np.uint64),
                codes,
            )
            for i in range(n):
                member = chosen[order[i]]
                ordered.member[i] = member
                ordered.start[i] = offsets[member]
                ordered.length[i] = offsets[member + 1] - offsets[member]
                ordered.signature[i] = signature(once[member], twice[member])
            if count == n:
                found = compare_range(ordered, space, resume, n, found, group)
            else:
                places = FreshPlaces(np.empty(count, np.int64), np.empty(count, np.int64))
                at = 0
                for i in range(n):
                    if fresh[begin + order[i]]:
                        places.place[at] = i
                        places.length[at] = ordered.length[i]
                        at += 1
                found = compare_fresh(ordered, places, space, resume, n, found, group)
            if resume[0] < n:
                return found
        resume[0] = 0
        resume[1] = -1
        resume[2] = group + 1
    return found

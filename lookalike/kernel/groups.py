"""Comparison of many small groups, each by itself and without an index."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import FreshPlaces, PairBuffer, SortedNames, order_by_length
from lookalike.kernel.direct import compare_range
from lookalike.kernel.fewfresh import compare_few_fresh
from lookalike.kernel.fresh import compare_fresh
from lookalike.kernel.names import Codes
from lookalike.kernel.screen import room_for_screen, signature

FEW_FRESH = 4  # up to so many, putting the group in order costs more than it saves


@numba.njit(cache=True, nogil=True)
def compare_groups(
    codes: Codes,
    offsets: npt.NDArray[np.int64],
    once: npt.NDArray[np.uint64],
    twice: npt.NDArray[np.uint64],
    members: npt.NDArray[np.uint32],
    fresh: npt.NDArray[np.bool_],
    group_starts: npt.NDArray[np.int64],
    p: int,
    q: int,
    resume: npt.NDArray[np.int64],
    rows_of: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    out: PairBuffer,
) -> int:
    """Fill `out` with the similar pairs of many groups, from group resume[2] on; the number of pairs.

    Group g holds the names members[group_starts[g]:group_starts[g + 1]]. fresh: of each of members, and only pairs
    of which one is are wanted; or bool[0], and all are. resume is int64[3], at the beginning (0, -1, 0); all is done
    when resume[2] is the number of groups. The rest as for `compare_range`.
    """
    room = room_for_screen()
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
            found = compare_few_fresh(
                codes, offsets, once, twice, members[begin:end], fresh[begin:end],
                p, q, resume, rows_of, counts, out, found, group,
            )  # fmt: skip
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
            names = SortedNames(
                np.empty(n, np.uint32),
                np.empty(n, np.int64),
                np.empty(n, np.int64),
                np.empty(n, np.uint64),
                codes,
            )
            for i in range(n):
                member = chosen[order[i]]
                names.member[i] = member
                names.start[i] = offsets[member]
                names.length[i] = offsets[member + 1] - offsets[member]
                names.signature[i] = signature(once[member], twice[member])
            if count == n:
                found = compare_range(names, p, q, resume, n, room, rows_of, counts, out, found, group)
            else:
                places = FreshPlaces(np.empty(count, np.int64), np.empty(count, np.int64))
                at = 0
                for i in range(n):
                    if fresh[begin + order[i]]:
                        places.place[at] = i
                        places.length[at] = names.length[i]
                        at += 1
                found = compare_fresh(names, places, p, q, resume, n, room, rows_of, counts, out, found, group)
            if resume[0] < n:
                return found
        resume[0] = 0
        resume[1] = -1
        resume[2] = group + 1
    return found

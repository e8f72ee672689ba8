"""Comparison of very few fresh names of a small group with its others, in whatever order these are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import put_pair
from lookalike.kernel.direct import verify
from lookalike.kernel.levenshtein import WORD, clear_pattern, set_pattern
from lookalike.kernel.names import NameArrays
from lookalike.kernel.screen import count_bits, signature
from lookalike.kernel.workspace import Workspace, max_distance
from lookalike.strings.compiler import compiled


@compiled
def compare_few_fresh(
    names: NameArrays,
    members: npt.NDArray[np.uint32],
    fresh: npt.NDArray[np.bool_],
    space: Workspace,
    resume: npt.NDArray[np.int64],
    found: int,
    group: int,
) -> int:
    """Append the similar pairs of a group of which one name is fresh; the new number of pairs in space.out.

    fresh: of each of members. resume: the member to go on from and the other one, or -1; all is done when resume[0]
    is the number of members. The rest as for `compare_range`.
    """
    codes, offsets, once, twice = names
    rows_of, counts, out = space.rows_of, space.counts, space.out
    for y in range(resume[0], len(members)):
        if not fresh[y]:
            continue
        start = offsets[members[y]]
        length = offsets[members[y] + 1] - start
        wanted = signature(once[members[y]], twice[members[y]])
        own_bound = max_distance(space, length)
        pattern_is_set = False
        for x in range(max(resume[1], 0), len(members)):
            if fresh[x] and x <= y:  # itself, or met from its side
                continue
            if found == len(out.left):
                resume[0] = y
                resume[1] = x
                break
            other = offsets[members[x]]
            other_length = offsets[members[x] + 1] - other
            bound = own_bound if other_length <= length else max_distance(space, other_length)
            gap = abs(other_length - length)
            if gap > bound:
                continue
            counts[0] += 1
            bits = count_bits(wanted ^ signature(once[members[x]], twice[members[x]]))
            if bits > np.uint64(2 * bound - gap):
                continue
            counts[1] += 1
            if not pattern_is_set and length <= WORD:
                set_pattern(rows_of, codes, start, length)
                pattern_is_set = True
            distance = verify(rows_of, codes, start, length, other, other_length, bound)
            if distance <= bound:
                put_pair(out, found, members[y], members[x], distance, group)
                found += 1
        else:
            resume[1] = -1
        if pattern_is_set:
            clear_pattern(rows_of, codes, start, length)
        if resume[1] >= 0:
            return found
    resume[0] = len(members)
    return found

"""Comparison of every pair whose lengths are close enough: few names, and thresholds too low to block."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import SortedNames, put_pair
from lookalike.kernel.levenshtein import WORD, clear_pattern, distance_of_long, distance_to_pattern, set_pattern
from lookalike.kernel.names import Codes
from lookalike.kernel.screen import CHUNK, screen
from lookalike.kernel.workspace import Workspace, max_distance
from lookalike.strings.compiler import compiled


@compiled
def verify(
    rows_of: npt.NDArray[np.uint64],
    codes: Codes,
    start_a: int,
    length_a: int,
    start_b: int,
    length_b: int,
    bound: int,
) -> int:
    """The distance of two names, or some number above `bound`; the first is the pattern set in `rows_of`."""
    if length_a <= WORD:
        return distance_to_pattern(rows_of, length_a, codes, start_b, length_b, bound)
    return distance_of_long(codes, start_a, length_a, start_b, length_b)


@compiled
def compare_range(
    names: SortedNames, space: Workspace, resume: npt.NDArray[np.int64], x_end: int, found: int, group: int
) -> int:
    """Append the similar pairs (y, x), y < x, for x from resume[0] (y from resume[1], or -1) to x_end.

    found: the number of pairs in space.out; the new number is returned. Stops early when less than CHUNK places are
    left there: resume then says where to go on, and resume[0] < x_end. group: of the pairs, for the buffer.
    """
    rows_of, counts, out = space.rows_of, space.counts, space.out
    flags, words, hits = space.room
    x = resume[0]
    while x < x_end:
        length = names.length[x]
        bound = max_distance(space, length)
        y = resume[1]
        if y < 0:
            y = np.searchsorted(names.length, length - bound)
        pattern_is_set = False
        while y < x and found + CHUNK <= len(out.left):
            stop = min(x, y + CHUNK)
            passing = screen(names.signature[x], names.signature, y, stop, 2 * bound, flags, words, hits)
            counts[0] += stop - y
            counts[1] += passing
            if passing and not pattern_is_set and length <= WORD:
                set_pattern(rows_of, names.codes, names.start[x], length)
                pattern_is_set = True
            for i in range(passing):
                hit = hits[i]
                distance = verify(
                    rows_of, names.codes, names.start[x], length, names.start[hit], names.length[hit], bound
                )
                if distance <= bound:
                    put_pair(out, found, names.member[x], names.member[hit], distance, group)
                    found += 1
            y = stop
        if pattern_is_set:
            clear_pattern(rows_of, names.codes, names.start[x], length)
        if y < x:
            resume[0] = x
            resume[1] = y
            return found
        x += 1
        resume[1] = -1
    resume[0] = x
    return found

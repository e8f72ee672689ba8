"""Comparison of fresh names with all others, pair by pair: few fresh names, small groups, low thresholds.

A fresh name is compared with every name before it. A stale one needs only the fresh ones before it, which are the
shorter ones; there the loops change places, so that still one signature is held against a run of them: a run of
stale names of one length, for each fresh name that is near enough in length.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import FreshPlaces, SortedNames, put_pair
from lookalike.kernel.direct import compare_range, verify
from lookalike.kernel.levenshtein import WORD, clear_pattern, set_pattern
from lookalike.kernel.screen import CHUNK, screen
from lookalike.kernel.workspace import Workspace, max_distance
from lookalike.strings.compiler import compiled


@compiled
def compare_fresh(
    names: SortedNames,
    fresh: FreshPlaces,
    space: Workspace,
    resume: npt.NDArray[np.int64],
    x_end: int,
    found: int,
    group: int,
) -> int:
    """As `compare_range`, but only the pairs of which one name is fresh.

    Among stale x, resume[0] is where a run of at most CHUNK begins and resume[1] the number of the fresh name to go
    on with, or -1.
    """
    while resume[0] < x_end:
        x = resume[0]
        following = np.searchsorted(fresh.place, x)
        if following < len(fresh.place) and fresh.place[following] == x:
            run_end = x + 1
            while run_end < x_end and following + run_end - x < len(fresh.place):
                if fresh.place[following + run_end - x] != run_end:
                    break
                run_end += 1
            found = compare_range(names, space, resume, run_end, found, group)
            if resume[0] < run_end:
                return found
            continue
        run_end = min(x + CHUNK, x_end)
        if following < len(fresh.place):
            run_end = min(run_end, fresh.place[following])
        if names.length[run_end - 1] > names.length[x]:
            run_end = np.searchsorted(names.length, names.length[x], side="right")
        found = _compare_stale(names, fresh, space, resume, run_end, found, group)
        if resume[0] < run_end:
            return found
    return found


@compiled
def _compare_stale(
    names: SortedNames,
    fresh: FreshPlaces,
    space: Workspace,
    resume: npt.NDArray[np.int64],
    x_end: int,
    found: int,
    group: int,
) -> int:
    """The stale x at places [resume[0], x_end), at most CHUNK and of one length, with the shorter fresh y."""
    rows_of, counts, out = space.rows_of, space.counts, space.out
    flags, words, hits = space.room
    x = resume[0]
    length = names.length[x]
    bound = max_distance(space, length)
    at = resume[1] if resume[1] >= 0 else np.searchsorted(fresh.length, length - bound)
    while at < len(fresh.length) and fresh.length[at] < length:
        if found + x_end - x > len(out.left):
            resume[1] = at
            return found
        y = fresh.place[at]
        short = fresh.length[at]
        most = 2 * bound - (length - short)
        passing = screen(names.signature[y], names.signature, x, x_end, most, flags, words, hits)
        counts[0] += x_end - x
        counts[1] += passing
        if passing and short <= WORD:
            set_pattern(rows_of, names.codes, names.start[y], short)
        for i in range(passing):
            hit = hits[i]
            distance = verify(rows_of, names.codes, names.start[y], short, names.start[hit], length, bound)
            if distance <= bound:
                put_pair(out, found, names.member[y], names.member[hit], distance, group)
                found += 1
        if passing and short <= WORD:
            clear_pattern(rows_of, names.codes, names.start[y], short)
        at += 1
    resume[0] = x_end
    resume[1] = -1
    return found

"""How the comparison is shared out: by what it costs, not by how many hashtags or members there are.

A viral hashtag is cut into ranges of its names in order of length (see kernel.similar_pairs), as many as it has
blocks, so that each range costs about the same; into fewer, where few of its members are fresh. All units are then
put into tasks, the dearest first.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from jobs.exchange.reports import GroupReport, LargeHashtag
from jobs.stages.costs import INDEXED_NAME, INDEXED_PAIR, SCREENED_PAIR, cost_of_group, cost_of_sides
from lookalike.kernel import Threshold

TASK_COST = 0.25  # below it a task costs Spark more than the work in it


@dataclasses.dataclass(frozen=True)
class Unit:
    """A piece of comparison work in a bucket.

    Either the hashtags at places [first, last), whole; or, where begin < end, of the one hashtag `first` the
    pairs whose later name is at one of the places [begin, end) of its names by length.
    """

    bucket: int
    first: int
    last: int
    begin: int
    end: int
    cost: float


def ranges_of(hashtag: LargeHashtag, threshold: Threshold, block_size: int) -> list[tuple[int, int, float]]:
    """Cut a hashtag of more than block_size members into ranges [begin, end) of about equal cost.

    A name's cost grows with the number of names that are short enough before it to be compared with. Where only some
    names are fresh, the ranges are fewer: each costs about what one of a full comparison would.
    """
    if hashtag.fresh is not None:
        return _ranges_of_fresh(hashtag, hashtag.fresh, threshold, block_size)
    names = np.array(hashtag.lengths, np.int64)
    before = np.concatenate([[0], np.cumsum(names)])
    begins, ends, rates = [], [], []
    for length in np.flatnonzero(names).tolist():
        reach = int(before[length + 1] - before[length - threshold.max_distance(length)])
        begins.append(int(before[length]))
        ends.append(int(before[length + 1]))
        rates.append(INDEXED_NAME + reach * INDEXED_PAIR)
    cost = np.concatenate([[0.0], np.cumsum([(e - b) * r for b, e, r in zip(begins, ends, rates, strict=True)])])
    return _equal_ranges(cost, ends, -(-hashtag.members // block_size))


def _ranges_of_fresh(
    hashtag: LargeHashtag, fresh: list[int], threshold: Threshold, block_size: int
) -> list[tuple[int, int, float]]:
    """In the order of comparison: by length, and of one length the stale names before the fresh ones."""
    names, few = np.array(hashtag.lengths, np.int64), np.array(fresh, np.int64)
    if not few.any():
        return []
    before = np.concatenate([[0], np.cumsum(names)])
    fresh_before = np.concatenate([[0], np.cumsum(few)])
    ends, costs = [], []
    for length in np.flatnonzero(names).tolist():
        shortest = length - threshold.max_distance(length)
        reach = int(before[length + 1] - before[shortest])
        meeting = int(fresh_before[length] - fresh_before[shortest])
        stale, own = int(names[length] - few[length]), int(few[length])
        ends += [int(before[length]) + stale, int(before[length + 1])]
        costs += [cost_of_sides(stale, meeting), cost_of_sides(reach, own)]
    cost = np.concatenate([[0.0], np.cumsum(costs)])
    most = -(-hashtag.members // block_size)
    whole = max(float(cost_of_group(np.array([hashtag.members]))[0]), SCREENED_PAIR)
    return _equal_ranges(cost, ends, min(most, max(1, round(most * cost[-1] / whole))))


def _equal_ranges(cost: npt.NDArray[np.float64], ends: list[int], parts: int) -> list[tuple[int, int, float]]:
    """Cut [0, ends[-1]) into about so many ranges; cost float64[n + 1]: of all places before 0 and each end."""
    if not ends:
        return []
    edges = np.interp(np.linspace(0, cost[-1], parts + 1), cost, [0, *ends]).round().astype(np.int64)
    edges[-1] = ends[-1]
    return [
        (begin, end, float(cost[-1]) / parts)
        for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        if begin < end
    ]


def plan_units(reports: Sequence[GroupReport], threshold: Threshold, block_size: int) -> list[Unit]:
    """All the work there is."""
    units = []
    for bucket in reports:
        units += [Unit(bucket.bucket, first, last, 0, 0, cost) for first, last, cost in bucket.small]
        for hashtag in bucket.large:
            units += [
                Unit(bucket.bucket, hashtag.hashtag, hashtag.hashtag + 1, begin, end, cost)
                for begin, end, cost in ranges_of(hashtag, threshold, block_size)
            ]
    return units


def plan_tasks(units: Sequence[Unit], cores: int) -> tuple[tuple[Unit, ...], ...]:
    """Share the units out to tasks of near TASK_COST, at least one for each core, the dearest first.

    Longest processing time first (R. Graham, 1969): each unit goes to the task that has least so far. Of ranges that
    should cost the same those of longer names come first. They take up to four times as long, for their names may
    have more edits, and the cores are busy to the end only if what comes last is short.
    """
    total = sum(unit.cost for unit in units)
    wanted = min(len(units), max(cores, int(total / TASK_COST)))
    tasks: list[list[Unit]] = [[] for _ in range(wanted)]
    heap = [(0.0, number) for number in range(wanted)]
    for unit in sorted(units, key=lambda unit: (-round(unit.cost, 6), -unit.begin)):
        cost, number = heapq.heappop(heap)
        tasks[number].append(unit)
        heapq.heappush(heap, (cost + unit.cost, number))
    return tuple(tuple(task) for task in sorted(tasks, key=lambda task: -sum(unit.cost for unit in task)))

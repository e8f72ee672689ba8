"""The hashtags of a bucket as work to share out: runs of small ones between the large ones."""

from __future__ import annotations

import numpy as np

from jobs.exchange.reports import LargeHashtag
from jobs.stages.costs import cost_of_group
from jobs.stages.group.groups import Groups
from lookalike.kernel import EncodedNames


def cut_runs(
    groups: Groups, names: EncodedNames, block_size: int, run_cost: float
) -> tuple[list[tuple[int, int, float]], list[LargeHashtag]]:
    """Runs of about equal cost as in GroupReport.small, and the hashtags of more than block_size members.

    names: of all accounts. run_cost: seconds of comparison that make a run.
    """
    sizes = np.diff(groups.starts)
    cost = cost_of_group(sizes, None if groups.fresh is None else groups.fresh_members())
    runs, large, start = [], [], 0
    for place in [*np.flatnonzero(sizes > max(block_size, 1)).tolist(), len(sizes)]:
        total = np.cumsum(cost[start:place])
        cuts = np.searchsorted(total, np.arange(run_cost, total[-1] if len(total) else 0, run_cost))
        edges = np.unique([0, *(cuts + 1).tolist(), len(total)])
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            runs.append((start + first, start + last, float(cost[start + first : start + last].sum())))
        if place < len(sizes):
            large.append(_large(groups, place, names))
        start = place + 1
    return [run for run in runs if run[2] > 0], large


def _large(groups: Groups, place: int, names: EncodedNames) -> LargeHashtag:
    members, fresh = groups.members_of(place).astype(np.int64), groups.fresh_of(place)
    lengths = names.offsets[members + 1] - names.offsets[members]
    all_lengths = np.bincount(lengths).tolist()
    if fresh is None:
        return LargeHashtag(place, len(members), all_lengths)
    return LargeHashtag(
        place, len(members), all_lengths, np.bincount(lengths[fresh], minlength=len(all_lengths)).tolist()
    )

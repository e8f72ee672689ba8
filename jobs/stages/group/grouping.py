"""What stage 3 does in either kind of run: usages received, memberships sent, and work cut out for the comparison."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from jobs.exchange import channels
from jobs.exchange.reports import GroupReport, LargeHashtag
from jobs.exchange.stage import Route
from jobs.exchange.worker import accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.stages.costs import cost_of_group
from jobs.stages.group.groups import Groups, with_earlier_names
from jobs.stages.group.memberrows import MembershipBox
from jobs.stages.group.usages import UsedHashtags
from jobs.stages.scan.dictionary import Dictionary
from lookalike.kernel import EncodedNames, Threshold


@dataclasses.dataclass(frozen=True)
class Grouping:
    """How a stage's usages are grouped.

    accounts: the table's file. work: folder for what only this run needs, reached by all tasks. block_size: members
    from which on a hashtag is compared by several tasks. run_cost: seconds of comparison that make a run of small
    hashtags. splits, partitions: that have sent spellings and usages. tasks: that share the buckets of accounts.
    """

    accounts: WorkFile
    work: WorkPlace
    threshold: Threshold
    block_size: int
    run_cost: float
    splits: int
    partitions: tuple[int, ...]
    buckets: int
    tasks: int

    @property
    def receives(self) -> tuple[Route, ...]:
        """Each bucket what was sent of it."""
        return (Route("usages", parts=self.buckets), Route("spellings", parts=self.buckets))

    def used(self, bucket: int) -> UsedHashtags:
        """What was sent of a bucket of hashtags."""
        spellings = channels.spellings(self.work).receive(bucket, range(self.splits))
        return UsedHashtags.of(Dictionary.of(spellings), channels.usages(self.work), bucket, self.partitions)

    @contextlib.contextmanager
    def source(self, bucket: int) -> Iterator[MembershipBox]:
        """Where the memberships of a bucket of hashtags are put, to be sent to the tasks of their accounts."""
        with channels.memberships(self.work).source(bucket) as box:
            yield MembershipBox(box, self.accounts, self.buckets, self.tasks)

    def report(self, bucket: int, groups: Groups, sizes: npt.NDArray[np.int64]) -> GroupReport:
        """Write the groups, and report what there is to compare. sizes: int64[n], all members of each hashtag."""
        table = accounts_table(self.accounts)
        if len(table.earlier_owner):
            groups = with_earlier_names(groups, table.earlier_owner, len(table))
        groups.write(self.work, bucket)
        runs = _cut_runs(groups, table.names, self.block_size, self.run_cost)
        return GroupReport(bucket, len(sizes), int(sizes.sum()), pairs_sharing(sizes), *runs)


def pairs_sharing(sizes: npt.NDArray[np.int64]) -> int:
    """Pairs of members of one hashtag, summed over hashtags of these sizes."""
    return int((sizes * (sizes - 1) // 2).sum())


def _cut_runs(
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

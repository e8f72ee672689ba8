"""What stage 3 does in either kind of run: usages received, memberships sent, and work cut out for the comparison."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt

from jobs.exchange import channels
from jobs.exchange.reports import GroupReport
from jobs.exchange.worker import accounts_table
from jobs.stages.group.evidence import Evidence
from jobs.stages.group.groups import Groups
from jobs.stages.group.memberrows import send_memberships
from jobs.stages.group.runs import cut_runs
from jobs.stages.group.usages import UsedHashtags
from jobs.stages.scan.dictionary import Dictionary
from lookalike.kernel import Threshold


@dataclasses.dataclass(frozen=True)
class Grouping:
    """How a stage's usages are grouped.

    accounts: the table's file. work: folder for what only this run needs, reached by all tasks. block_size: members
    from which on a hashtag is compared by several tasks. run_cost: seconds of comparison that make a run of small
    hashtags. splits, partitions: that have sent spellings and usages. tasks: that share the buckets of accounts.
    """

    accounts: str
    work: Path
    threshold: Threshold
    block_size: int
    run_cost: float
    splits: int
    partitions: tuple[int, ...]
    buckets: int
    tasks: int

    def used(self, bucket: int) -> UsedHashtags:
        """What was sent of a bucket of hashtags."""
        usages = channels.usages(self.work).receive(bucket, self.partitions)
        spellings = channels.spellings(self.work).receive(bucket, range(self.splits))
        return UsedHashtags.of(Dictionary.of(spellings), usages)

    def send(self, bucket: int, evidence: Evidence) -> None:
        """Send memberships of a bucket of hashtags to the tasks of their accounts."""
        send_memberships(self.work, bucket, evidence, self.accounts, self.buckets, self.tasks)

    def report(self, bucket: int, groups: Groups, sizes: npt.NDArray[np.int64]) -> GroupReport:
        """Write the groups, and report what there is to compare. sizes: int64[n], all members of each hashtag."""
        groups.write(self.work, bucket)
        runs = cut_runs(groups, accounts_table(self.accounts).names, self.block_size, self.run_cost)
        return GroupReport(bucket, len(sizes), int(sizes.sum()), pairs_sharing(sizes), *runs)


def pairs_sharing(sizes: npt.NDArray[np.int64]) -> int:
    """Pairs of members of one hashtag, summed over hashtags of these sizes."""
    return int((sizes * (sizes - 1) // 2).sum())

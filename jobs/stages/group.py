"""Stage 3: the members of every hashtag of a bucket, with their evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from jobs.kernel import Threshold
from jobs.snapshots.datafiles import row_groups, write_table
from jobs.snapshots.entries import FileEntry
from jobs.snapshots.layout import data_path
from jobs.snapshots.schemas import MEMBERS, SPELLINGS
from jobs.stages import channels
from jobs.stages.dictionary import Dictionary
from jobs.stages.evidence import Evidence
from jobs.stages.groups import Groups
from jobs.stages.memberrows import member_rows, send_memberships, write_places
from jobs.stages.reports import GroupReport
from jobs.stages.runs import cut_runs
from jobs.stages.usages import UsedHashtags
from jobs.stages.worker import accounts_table


@dataclasses.dataclass(frozen=True)
class GroupMembers:
    """Task function: numbers of buckets in; members to the snapshot, memberships sent by account, reports out.

    work: folder for what only this run needs, reached by all tasks. block_size: members from which on a hashtag
    is compared by several tasks. run_cost: seconds of comparison that make a run of small hashtags. splits,
    partitions: that have sent spellings and usages. members: False to count only, and to write nothing.
    """

    accounts: str
    output: Path
    work: Path
    snapshot: str
    threshold: Threshold
    block_size: int
    run_cost: float
    splits: int
    partitions: tuple[int, ...]
    buckets: int
    tasks: int
    members: bool = True

    def __call__(self, buckets: Iterable[int]) -> Iterator[GroupReport]:
        """Group the usages of the buckets whose numbers come in."""
        for bucket in buckets:
            usages = channels.usages(self.work).receive(bucket, self.partitions)
            if usages.num_rows:
                spellings = channels.spellings(self.work).receive(bucket, range(self.splits))
                yield self._group(bucket, UsedHashtags.of(Dictionary.of(spellings), usages))

    def _group(self, bucket: int, used: UsedHashtags) -> GroupReport:
        keys, evidence = used.keys, used.evidence
        starts = np.searchsorted(evidence.hashtag, np.arange(len(keys) + 1))
        sizes = np.diff(starts)
        groups = Groups(keys, used.spelled.most_frequent(), used.posts, sizes, starts, evidence.account)
        groups.write(self.work, bucket)
        runs = cut_runs(groups, accounts_table(self.accounts).names, self.block_size, self.run_cost)
        report = GroupReport(bucket, len(keys), len(evidence), pairs_sharing(sizes), *runs)
        if self.members:
            send_memberships(self.work, bucket, evidence, self.accounts, self.buckets, self.tasks)
            report.files = [self._write_members(bucket, groups, evidence)]
            report.files += [write_places(self.output, self.snapshot, bucket, evidence.account)]
            path = data_path(self.snapshot, "spellings", bucket=bucket)
            report.files += [write_table(self.output, path, SPELLINGS, [used.spelled.rows(keys)])]
        return report

    def _write_members(self, bucket: int, groups: Groups, evidence: Evidence) -> FileEntry:
        """The members table of a bucket, a piece at a time."""
        table = accounts_table(self.accounts)
        pieces = (member_rows(table, groups.keys, evidence.take(part)) for part in row_groups(len(evidence)))
        return write_table(self.output, data_path(self.snapshot, "members", bucket=bucket), MEMBERS, pieces)


def pairs_sharing(sizes: npt.NDArray[np.int64]) -> int:
    """Pairs of members of one hashtag, summed over hashtags of these sizes."""
    return int((sizes * (sizes - 1) // 2).sum())

"""Stage 3: the members of every hashtag of a bucket, with their evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np

from jobs.exchange.reports import GroupReport
from jobs.exchange.stage import Route, Stage
from jobs.exchange.worker import accounts_table
from jobs.stages.group.evidence import Evidence
from jobs.stages.group.grouping import Grouping
from jobs.stages.group.groups import Groups
from jobs.stages.group.identical import IdenticalNames
from jobs.stages.group.memberrows import member_rows
from jobs.stages.group.usages import UsedHashtags
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import row_groups, write_table


@dataclasses.dataclass(frozen=True)
class GroupMembers(Stage[GroupReport]):
    """Task function: numbers of buckets in; members to the snapshot, memberships sent by account, reports out.

    members: False to count only, and to write nothing. identical: whether identical names become groups.
    """

    grouping: Grouping
    output: OutputPlace
    snapshot: str
    members: bool = True
    identical: bool = False

    sends = ("memberships",)

    @property
    def receives(self) -> tuple[Route, ...]:
        """See Grouping."""
        return self.grouping.receives

    def __call__(self, buckets: Iterable[int]) -> Iterator[GroupReport]:
        """Group the usages of the buckets whose numbers come in."""
        for bucket in buckets:
            used = self.grouping.used(bucket)
            if len(used.evidence):
                yield self._group(bucket, used)

    def _group(self, bucket: int, used: UsedHashtags) -> GroupReport:
        keys, evidence = used.keys, used.evidence
        starts = np.searchsorted(evidence.hashtag, np.arange(len(keys) + 1))
        sizes = np.diff(starts)
        groups = Groups(keys, used.spelled.most_frequent(), used.posts, sizes, starts, evidence.account)
        same = None
        if self.identical:
            groups, same = IdenticalNames.take_from(groups, accounts_table(self.grouping.accounts).names)
        report = self.grouping.report(bucket, groups, sizes)
        if self.members:
            self.grouping.send(bucket, evidence)
            report.files = [self._write_members(bucket, groups, evidence)]
            path = data_path(self.snapshot, "spellings", bucket=bucket)
            report.files += [write_table(self.output, path, [used.spelled.rows(keys)])]
            if same:
                report.identical = len(same)
                report.files += [self._write_identical(bucket, groups, same)]
        return report

    def _write_members(self, bucket: int, groups: Groups, evidence: Evidence) -> FileEntry:
        """The members table of a bucket, a piece at a time."""
        table = accounts_table(self.grouping.accounts)
        pieces = (member_rows(table, groups.keys, evidence.take(part)) for part in row_groups(len(evidence)))
        return write_table(self.output, data_path(self.snapshot, "members", bucket=bucket), pieces)

    def _write_identical(self, bucket: int, groups: Groups, same: IdenticalNames) -> FileEntry:
        rows = same.rows(groups.keys, accounts_table(self.grouping.accounts).ids)
        return write_table(self.output, data_path(self.snapshot, "identical", bucket=bucket), rows)

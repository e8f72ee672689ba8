"""Stage 3: the members of every hashtag of a bucket, with their evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.reports import GroupReport
from jobs.exchange.stage import Route, Stage
from jobs.exchange.worker import accounts_table
from jobs.stages.group.evidence import Evidence
from jobs.stages.group.grouping import Grouping
from jobs.stages.group.groups import Groups
from jobs.stages.group.identical import IdenticalNames
from jobs.stages.group.memberrows import MembershipBox, member_rows
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
            if len(used.keys):
                yield self._group(bucket, used)

    def _group(self, bucket: int, used: UsedHashtags) -> GroupReport:
        keys, listed, files = used.keys, _Listed(len(used.keys)), []
        if self.members:
            with self.grouping.source(bucket) as box:
                files = [self._write_members(bucket, keys, listed.noting(used.evidence, box))]
        else:
            for _ in listed.noting(used.evidence):
                pass
        starts = np.concatenate([[0], np.cumsum(listed.sizes)])
        members = np.concatenate(listed.members)
        groups = Groups(keys, used.spelled.most_frequent(), used.posts, listed.sizes, starts, members)
        same = None
        if self.identical:
            groups, same = IdenticalNames.take_from(groups, accounts_table(self.grouping.accounts).names)
        report = self.grouping.report(bucket, groups, listed.sizes)
        if self.members:
            path = data_path(self.snapshot, "spellings", bucket=bucket)
            report.files = [*files, write_table(self.output, path, [used.spelled.rows(keys)])]
            if same:
                report.identical = len(same)
                report.files += [self._write_identical(bucket, groups, same)]
        return report

    def _write_members(self, bucket: int, keys: pa.StringArray, pieces: Iterator[Evidence]) -> FileEntry:
        """The members table of a bucket, a piece at a time."""
        table = accounts_table(self.grouping.accounts)
        parts = (evidence.take(part) for evidence in pieces for part in row_groups(len(evidence)))
        return write_table(
            self.output,
            data_path(self.snapshot, "members", bucket=bucket),
            (member_rows(table, keys, part) for part in parts),
        )

    def _write_identical(self, bucket: int, groups: Groups, same: IdenticalNames) -> FileEntry:
        rows = same.rows(groups.keys, accounts_table(self.grouping.accounts).ids)
        return write_table(self.output, data_path(self.snapshot, "identical", bucket=bucket), rows)


class _Listed:
    """The members of n hashtags, noted while evidence passes by. sizes: int64[n]. members: accounts, in pieces."""

    def __init__(self, hashtags: int) -> None:
        self.sizes: npt.NDArray[np.int64] = np.zeros(hashtags, np.int64)
        self.members: list[npt.NDArray[np.uint32]] = []

    def noting(self, pieces: Iterable[Evidence], box: MembershipBox | None = None) -> Iterator[Evidence]:
        """The same pieces. box: where they are sent, too."""
        for evidence in pieces:
            self.sizes += np.bincount(evidence.hashtag, minlength=len(self.sizes))
            self.members.append(evidence.account)
            if box is not None:
                box.send(evidence)
            yield evidence

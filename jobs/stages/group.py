"""Stage 3: the members of every hashtag of a bucket, with their evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.kernel import Threshold
from jobs.snapshots.datafiles import FileEntry, row_groups, write_table
from jobs.snapshots.layout import MEMBERS, data_path
from jobs.stages import channels
from jobs.stages.dictionary import Dictionary
from jobs.stages.evidence import Evidence
from jobs.stages.groups import Groups
from jobs.stages.parts import parts_of
from jobs.stages.plan import cost_of_group
from jobs.stages.reports import GroupReport, LargeHashtag
from jobs.stages.times import as_times
from jobs.stages.worker import account_buckets, accounts_table


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
                yield self._group(bucket, Dictionary.of(spellings), usages)

    def _group(self, bucket: int, dictionary: Dictionary, usages: pa.Table) -> GroupReport:
        spelling, account, created, repost, leads = (column.to_numpy() for column in usages.columns)
        spelling = dictionary.find(spelling)
        display = dictionary.most_frequent(np.bincount(spelling, minlength=len(dictionary.hash)))
        hashtag = dictionary.hashtag[spelling]
        posts = np.bincount(hashtag, minlength=len(dictionary.keys))
        used = posts > 0  # a hashtag may stand only in posts that are not used
        place = (np.cumsum(used) - 1).astype(np.uint32)
        evidence = Evidence.of(place[hashtag], account, created, repost, leads)
        keys, display = (strings.filter(pa.array(used)) for strings in (dictionary.keys, display))
        starts = np.searchsorted(evidence.hashtag, np.arange(len(keys) + 1))
        groups = Groups(keys, display, posts[used], starts, evidence.account)
        groups.write(self.work, bucket)
        small, large = self._runs(groups)
        sizes = np.diff(starts)
        sharing = int((sizes * (sizes - 1) // 2).sum())
        members = None
        if self.members:
            task = account_buckets(self.accounts, self.buckets)[evidence.account] % self.tasks
            self._send(bucket, evidence, task)
            members = self._write_members(bucket, groups, evidence)
        return GroupReport(bucket, len(keys), len(evidence), sharing, small, large, members)

    def _send(self, bucket: int, evidence: Evidence, task: npt.NDArray[np.uint16]) -> None:
        """The memberships once more, to the tasks of accounts; task uint16[n]: of each."""
        order, parts = parts_of(task, self.tasks)
        channel = channels.memberships(self.work)
        rows = pa.record_batch({name: getattr(evidence, name)[order] for name in channel.schema.names})
        with channel.source(bucket) as box:
            for number, start, end in parts:
                box.send(number, rows.slice(start, end - start))

    def _write_members(self, bucket: int, groups: Groups, evidence: Evidence) -> FileEntry:
        """The members table of a bucket, a piece at a time."""
        table = accounts_table(self.accounts)

        def pieces() -> Iterator[pa.RecordBatch]:
            for part in row_groups(len(evidence)):
                account = pa.array(evidence.account[part])
                yield pa.record_batch(
                    [
                        groups.keys.take(pa.array(evidence.hashtag[part])),
                        table.ids.take(account).cast(pa.string()),
                        table.screen_names.take(account).cast(pa.string()),
                        pa.array(evidence.posts[part], pa.int64()),
                        pa.array(evidence.reposts[part], pa.int64()),
                        as_times(evidence.first[part]),
                        as_times(evidence.last[part]),
                        as_times(table.created[evidence.account[part]]),
                    ],
                    schema=MEMBERS,
                )

        path = data_path(self.snapshot, "members", bucket=bucket)
        return write_table(self.output, path, MEMBERS, pieces())

    def _runs(self, groups: Groups) -> tuple[list[tuple[int, int, float]], list[LargeHashtag]]:
        """Cut the hashtags into runs of about equal cost between the large ones."""
        sizes = np.diff(groups.starts)
        cost = cost_of_group(sizes)
        runs, large, start = [], [], 0
        for place in [*np.flatnonzero(sizes > max(self.block_size, 1)).tolist(), len(sizes)]:
            total = np.cumsum(cost[start:place])
            cuts = np.searchsorted(total, np.arange(self.run_cost, total[-1] if len(total) else 0, self.run_cost))
            edges = np.unique([0, *(cuts + 1).tolist(), len(total)])
            for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                runs.append((start + first, start + last, float(cost[start + first : start + last].sum())))
            if place < len(sizes):
                names = accounts_table(self.accounts).names
                members = groups.members_of(place).astype(np.int64)
                lengths = np.bincount(names.offsets[members + 1] - names.offsets[members])
                large.append(LargeHashtag(place, len(members), lengths.tolist()))
            start = place + 1
        return [run for run in runs if run[2] > 0], large

"""Stage 5: the pairs of a bucket, and what is known of an account, in the order in which they are looked up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.reports import WriteReport
from jobs.exchange.stage import Route, Stage
from jobs.exchange.worker import accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.stages.group.accountlists import AccountLists
from jobs.stages.group.groups import Groups
from jobs.stages.group.hashtagtable import hashtag_table
from jobs.stages.write.accounts import AccountWriter, Lookalikes
from jobs.stages.write.grouped import pairs_meant
from jobs.stages.write.pairs import SimilarPairs
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import write_table


@dataclasses.dataclass(frozen=True)
class WriteTables(Stage[WriteReport]):
    """Task function: numbers of tasks in; tables to the snapshot, reports out.

    buckets, tasks: bucket b of hashtags is written by task b mod tasks, bucket b of accounts by tasks + b mod tasks.
    compared: tasks of comparison that have sent pairs. identical: whether pairs were sent of the first account of
    each name alone.
    """

    accounts: WorkFile
    output: OutputPlace
    work: WorkPlace
    snapshot: str
    compared: int
    buckets: int
    tasks: int
    identical: bool = False

    @property
    def receives(self) -> tuple[Route, ...]:
        """Each task the pairs of its buckets of hashtags, or the look-alikes of its accounts."""
        return (Route("pairs", parts=self.tasks), Route("lookalikes", parts=self.tasks, first=self.tasks))

    def __call__(self, tasks: Iterable[int]) -> Iterator[WriteReport]:
        """Write the pairs of the task's buckets of hashtags, or the tables of its buckets of accounts."""
        for task in tasks:
            if task >= self.tasks:
                yield from self._write_accounts(task - self.tasks)
                continue
            for bucket in range(task, self.buckets, self.tasks):
                pairs = channels.pairs(self.work).receive(bucket, range(self.compared))
                if self.identical and Groups.is_written(self.work, bucket):
                    yield self._write_grouped(bucket, pairs)
                elif pairs.num_rows:
                    yield self._write_pairs(bucket, pairs)

    def _write_accounts(self, task: int) -> Iterator[WriteReport]:
        writer = AccountWriter(self.accounts, self.output, self.snapshot, self.buckets)
        found = channels.lookalikes(self.work).receive(task, range(self.compared))
        lists, lookalikes = AccountLists.open(self.work, task), Lookalikes.of(accounts_table(self.accounts), found)
        for bucket in range(task, self.buckets, self.tasks):
            yield WriteReport(list(writer.write(bucket, lists, lookalikes)))

    def _write_pairs(self, bucket: int, pairs: pa.Table) -> WriteReport:
        found = SimilarPairs.of(accounts_table(self.accounts), pairs)
        entry = self._write_found(bucket, found)
        hashtags, counts = np.unique(found.hashtag, return_counts=True)
        return WriteReport([entry], list(zip(hashtags.tolist(), counts.tolist(), strict=True)))

    def _write_grouped(self, bucket: int, pairs: pa.Table) -> WriteReport:
        """The same of a bucket where a pair stands for those of all accounts with the two names."""
        found = SimilarPairs.of(accounts_table(self.accounts), pairs)
        groups, numbers = Groups.open(self.work, bucket), hashtag_table(self.work).numbers_in(bucket)
        counted = pairs_meant(groups, numbers, found)
        files = [self._write_found(bucket, found)] if pairs.num_rows else []
        return WriteReport(files, list(zip(numbers.tolist(), counted.tolist(), strict=True)))

    def _write_found(self, bucket: int, found: SimilarPairs) -> FileEntry:
        rows = found.rows(hashtag_table(self.work).keys, accounts_table(self.accounts).ids)
        return write_table(self.output, data_path(self.snapshot, "pairs", bucket=bucket), rows)

"""Stage 5: the pairs of a bucket, and what is known of an account, in the order in which they are looked up."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.reports import WriteReport
from jobs.exchange.stage import Route, Stage
from jobs.exchange.worker import account_buckets, accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.stages.group.accountlists import AccountLists
from jobs.stages.group.groups import Groups
from jobs.stages.group.hashtagtable import hashtag_table
from jobs.stages.write.accounts import AccountWriter
from jobs.stages.write.counts import GroupedPairCounts, PairCounts
from jobs.stages.write.lookalikes import lookalikes_by_bucket
from jobs.stages.write.pairs import SimilarPairs
from jobs.stages.write.sortedpairs import sorted_pairs
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
                yield self._write_pairs(bucket)

    def _write_accounts(self, task: int) -> Iterator[WriteReport]:
        writer = AccountWriter(self.accounts, self.output, self.snapshot, self.buckets)
        table, bucket_of = accounts_table(self.accounts), account_buckets(self.accounts, self.buckets)
        sent, buckets = channels.lookalikes(self.work), range(task, self.buckets, self.tasks)
        lists = AccountLists.open(self.work, task)
        found = lookalikes_by_bucket(table, sent, task, self.compared, bucket_of, buckets)
        for bucket, lookalikes in zip(buckets, found, strict=True):
            yield WriteReport(list(writer.write(bucket, lists, lookalikes)))

    def _write_pairs(self, bucket: int) -> WriteReport:
        counts = self._counts(bucket)
        found = sorted_pairs(accounts_table(self.accounts), channels.pairs(self.work), bucket, self.compared)
        files = []
        first = next(found, None)
        if first is not None:
            path = data_path(self.snapshot, "pairs", bucket=bucket)
            files = [write_table(self.output, path, self._rows(itertools.chain([first], found), counts))]
        return WriteReport(files, counts.total())

    def _counts(self, bucket: int) -> PairCounts:
        numbers = hashtag_table(self.work).numbers_in(bucket)
        if self.identical and len(numbers):
            return GroupedPairCounts(numbers, Groups.open(self.work, bucket))
        return PairCounts(numbers)

    def _rows(self, found: Iterable[SimilarPairs], counts: PairCounts) -> Iterator[pa.RecordBatch]:
        """As tables.PAIRS, counted on the way."""
        keys, ids = hashtag_table(self.work).keys, accounts_table(self.accounts).ids
        for pairs in found:
            counts.add(pairs)
            yield from pairs.rows(keys, ids)

"""Stage 5: the pairs of a bucket, and what is known of an account, in the order in which they are looked up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.reports import WriteReport
from jobs.exchange.worker import accounts_table
from jobs.stages.group.accountlists import AccountLists
from jobs.stages.group.hashtagtable import hashtag_table
from jobs.stages.write.accounts import AccountWriter, Lookalikes
from jobs.stages.write.pairs import SimilarPairs
from lookalike.outputs.layout import data_path
from lookalike.snapshots.datafiles import write_table


@dataclasses.dataclass(frozen=True)
class WriteTables:
    """Task function: numbers of tasks in; tables to the snapshot, reports out.

    buckets, tasks: bucket b of hashtags is written by task b mod tasks, bucket b of accounts by tasks + b mod tasks.
    compared: tasks of comparison that have sent pairs.
    """

    accounts: str
    output: Path
    work: Path
    snapshot: str
    compared: int
    buckets: int
    tasks: int

    def __call__(self, tasks: Iterable[int]) -> Iterator[WriteReport]:
        """Write the pairs of the task's buckets of hashtags, or the tables of its buckets of accounts."""
        for task in tasks:
            if task >= self.tasks:
                yield from self._write_accounts(task - self.tasks)
                continue
            for bucket in range(task, self.buckets, self.tasks):
                pairs = channels.pairs(self.work).receive(bucket, range(self.compared))
                if pairs.num_rows:
                    yield self._write_pairs(bucket, pairs)

    def _write_accounts(self, task: int) -> Iterator[WriteReport]:
        writer = AccountWriter(self.accounts, self.output, self.snapshot, self.buckets)
        found = channels.lookalikes(self.work).receive(task, range(self.compared))
        lists, lookalikes = AccountLists.open(self.work, task), Lookalikes.of(accounts_table(self.accounts), found)
        for bucket in range(task, self.buckets, self.tasks):
            yield WriteReport(list(writer.write(bucket, lists, lookalikes)))

    def _write_pairs(self, bucket: int, pairs: pa.Table) -> WriteReport:
        table = accounts_table(self.accounts)
        found = SimilarPairs.of(table, pairs)
        rows = found.rows(hashtag_table(str(self.work)).keys, table.ids)
        entry = write_table(self.output, data_path(self.snapshot, "pairs", bucket=bucket), rows)
        hashtags, counts = np.unique(found.hashtag, return_counts=True)
        return WriteReport([entry], list(zip(hashtags.tolist(), counts.tolist(), strict=True)))

"""Stage 3, second half: the memberships once more, by account."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.snapshots.datafiles import row_groups, write_table
from jobs.snapshots.layout import ACCOUNT_HASHTAGS, data_path
from jobs.stages import channels
from jobs.stages.accountlists import AccountLists
from jobs.stages.parts import parts_of
from jobs.stages.reports import WriteReport
from jobs.stages.times import as_times
from jobs.stages.worker import account_buckets, accounts_table, hashtag_table


@dataclasses.dataclass(frozen=True)
class ListHashtags:
    """Task function: numbers of tasks in; hashtags of accounts to the snapshot, reports out.

    grouped: the buckets of hashtags that have members. buckets, tasks: as in WriteTables.
    """

    accounts: str
    output: Path
    work: Path
    snapshot: str
    grouped: tuple[int, ...]
    buckets: int
    tasks: int

    def __call__(self, tasks: Iterable[int]) -> Iterator[WriteReport]:
        """Do the tasks whose numbers come in."""
        for task in tasks:
            yield from self._list(task)

    def _list(self, task: int) -> Iterator[WriteReport]:
        rows = self._memberships(task)
        account = rows["account"].to_numpy()
        changes = np.flatnonzero(np.diff(account, prepend=np.int64(-1)))
        starts = np.append(changes, len(account)).astype(np.int64)
        leads = np.concatenate([[0], np.cumsum(rows["leads"].to_numpy(), dtype=np.int64)])
        lists = AccountLists(account[changes], np.diff(leads[starts]), starts, rows["hashtag"].to_numpy())
        lists.write(self.work, task)
        order, parts = parts_of(account_buckets(self.accounts, self.buckets)[account], self.buckets)
        for bucket, start, end in parts:
            path = data_path(self.snapshot, "account_hashtags", bucket=bucket)
            pieces = self._pieces(rows, order[start:end])
            yield WriteReport([write_table(self.output, path, ACCOUNT_HASHTAGS, pieces)])

    def _memberships(self, task: int) -> pa.RecordBatch:
        """The memberships of a task's accounts in the order of (account, hashtag), hashtags by number."""
        table = hashtag_table(str(self.work))
        parts = []
        channel = channels.memberships(self.work)
        for bucket in self.grouped:
            rows = channel.receive(task, [bucket])
            numbers = table.numbers_in(bucket)[rows["hashtag"].to_numpy()]
            parts.append(rows.set_column(0, channel.schema.field(0), pa.array(numbers)))
        rows = pa.concat_tables(parts).combine_chunks() if parts else channel.schema.empty_table()
        key = rows["account"].to_numpy().astype(np.uint64) << np.uint64(32)
        key |= rows["hashtag"].to_numpy()
        order = np.argsort(key)
        columns = {name: rows[name].to_numpy()[order] for name in rows.column_names}
        return pa.record_batch(columns)

    def _pieces(self, rows: pa.RecordBatch, chosen: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        ids, keys = accounts_table(self.accounts).ids, hashtag_table(str(self.work)).keys
        for part in row_groups(len(chosen)):
            columns = {name: rows[name].to_numpy()[chosen[part]] for name in rows.schema.names}
            yield pa.record_batch(
                [
                    ids.take(pa.array(columns["account"])).cast(pa.string()),
                    keys.take(pa.array(columns["hashtag"])),
                    pa.array(columns["posts"], pa.int64()),
                    pa.array(columns["reposts"], pa.int64()),
                    as_times(columns["first"]),
                    as_times(columns["last"]),
                ],
                schema=ACCOUNT_HASHTAGS,
            )

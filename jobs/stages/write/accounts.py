"""Two tables by account: who an account is, and whom it looks like."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.times import as_times
from jobs.exchange.worker import account_buckets, accounts_table
from jobs.exchange.workplace import WorkFile
from jobs.inputs.accounts.table import AccountTable
from jobs.stages.group.accountlists import AccountLists
from jobs.stages.write.lookalikes import Lookalikes, lookalike_rows
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import row_groups, write_table
from lookalike.tables import ACCOUNTS

Indices = npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class AccountWriter:
    """Writes the two tables of a bucket of accounts."""

    accounts: WorkFile
    output: OutputPlace
    snapshot: str
    buckets: int

    def write(self, bucket: int, lists: AccountLists, lookalikes: Lookalikes) -> Iterator[FileEntry]:
        """The files of the tables that have rows; what is given may hold accounts of other buckets too."""
        table, bucket_of = accounts_table(self.accounts), account_buckets(self.accounts, self.buckets)
        accounts = np.flatnonzero(bucket_of == bucket).astype(np.uint32)
        posts, hashtags = np.zeros(len(accounts), np.int64), np.zeros(len(accounts), np.int64)
        listed = np.flatnonzero(bucket_of[lists.account] == bucket)
        place = np.searchsorted(accounts, lists.account[listed])
        posts[place], hashtags[place] = lists.posts[listed], np.diff(lists.starts)[listed]
        alike = lookalikes.take(np.flatnonzero(bucket_of[lookalikes.account] == bucket))
        found = np.bincount(np.searchsorted(accounts, alike.account), minlength=len(accounts))
        for name, rows, pieces in (
            (
                "accounts",
                len(accounts),
                account_rows(table, accounts, posts=posts, hashtags=hashtags, lookalikes=found),
            ),
            ("lookalikes", len(alike), lookalike_rows(table, alike)),
        ):
            if rows:
                path = data_path(self.snapshot, name, bucket=bucket)
                yield write_table(self.output, path, pieces)


def account_rows(
    table: AccountTable,
    accounts: Indices,
    *,
    posts: npt.NDArray[np.int64],
    hashtags: npt.NDArray[np.int64],
    lookalikes: npt.NDArray[np.int64],
    numbers: Indices | None = None,
) -> Iterator[pa.RecordBatch]:
    """As tables.ACCOUNTS, in pieces; posts, hashtags, lookalikes int64[n] of the n accounts, which ascend.

    numbers: uint32[all accounts], what the tables call each; None if that is its place among all.
    """
    for part in row_groups(len(accounts)):
        account = pa.array(accounts[part])
        yield ACCOUNTS.batch(
            account_id=table.ids.take(account).cast(pa.string()),
            account_number=accounts[part] if numbers is None else numbers[accounts[part]],
            screen_name=table.screen_names.take(account).cast(pa.string()),
            created_at=as_times(table.created_at[accounts[part]]),
            posts=posts[part],
            hashtags=hashtags[part],
            lookalikes=lookalikes[part],
        )

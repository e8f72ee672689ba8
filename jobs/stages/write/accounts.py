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
from lookalike.kernel import similarities
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import row_groups, write_table
from lookalike.tables import ACCOUNTS, LOOKALIKES

Indices = npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class Lookalikes:
    """Similar accounts from one side, in the order of (account, other): each pair once.

    account, other uint32[n], distance int32[n], similarity float64[n], hashtags int64[n]: in how many hashtags they
    are a pair.
    """

    account: Indices
    other: Indices
    distance: npt.NDArray[np.int32]
    similarity: npt.NDArray[np.float64]
    hashtags: npt.NDArray[np.int64]

    @classmethod
    def of(cls, table: AccountTable, sent: pa.Table) -> Lookalikes:
        """From what the comparison has sent, where a pair may be several times, for some hashtags each."""
        account, other, distance, hashtags = (column.to_numpy() for column in sent.columns)
        pair = account.astype(np.uint64) << np.uint64(32)
        pair |= other
        pairs, first, place = np.unique(pair, return_index=True, return_inverse=True)
        counts = np.bincount(place, hashtags, len(pairs)).astype(np.int64)
        account, other, distance = (
            (pairs >> np.uint64(32)).astype(np.uint32),
            pairs.astype(np.uint32),
            distance[first],
        )
        similarity = similarities(table.names, account, other, distance)
        found = cls(account, other, distance, similarity, counts)
        return found._by_owner(table) if len(table.earlier_owner) else found

    def _by_owner(self, table: AccountTable) -> Lookalikes:
        """Of the pairs of names of two accounts the most similar. They are similar in the same hashtags."""
        account, other = table.owner_of(self.account), table.owner_of(self.other)
        order = np.lexsort((self.distance, -self.similarity, other, account))
        first = np.ones(len(order), np.bool_)
        first[1:] = (np.diff(account[order]) != 0) | (np.diff(other[order]) != 0)
        best = order[first]
        return dataclasses.replace(self.take(best), account=account[best], other=other[best])

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.account)

    def take(self, rows: npt.NDArray[np.intp]) -> Lookalikes:
        """Those at some places, ascending."""
        return Lookalikes(
            self.account[rows], self.other[rows], self.distance[rows], self.similarity[rows], self.hashtags[rows]
        )


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


def lookalike_rows(table: AccountTable, lookalikes: Lookalikes) -> Iterator[pa.RecordBatch]:
    """As tables.LOOKALIKES, in pieces."""
    account, other, distance = lookalikes.account, lookalikes.other, lookalikes.distance
    similarity, hashtags = lookalikes.similarity, lookalikes.hashtags
    order = np.lexsort((other, -similarity, -hashtags, account))
    for part in row_groups(len(order)):
        rows = order[part]
        others = pa.array(other[rows])
        yield LOOKALIKES.batch(
            account_id=table.ids.take(pa.array(account[rows])).cast(pa.string()),
            other_id=table.ids.take(others).cast(pa.string()),
            other_name=table.screen_names.take(others).cast(pa.string()),
            distance=distance[rows],
            similarity=similarity[rows],
            hashtags=hashtags[rows],
        )

"""The tables by account: who an account is, what it used, and whom it looks like."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.kernel import similarities
from jobs.snapshots.datafiles import ROW_GROUP_ROWS, FileEntry, write_table
from jobs.snapshots.layout import SCHEMAS, data_path
from jobs.stages.times import as_times
from jobs.stages.worker import account_buckets, accounts_table

Indices = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Memberships:
    """Memberships in the order of (account, hashtag): account uint32[n], hashtag int64[n] a place in keys."""

    keys: pa.StringArray
    hashtag: Counts
    account: Indices
    posts: Counts
    reposts: Counts
    first: Counts
    last: Counts
    leads: Counts

    @classmethod
    def of(cls, batches: Sequence[pa.RecordBatch]) -> Memberships:
        """From the blobs of the group stage, which come in any order."""
        if not batches:
            none = np.zeros(0, np.int64)
            return cls(pa.array([], pa.string()), none, np.zeros(0, np.uint32), none, none, none, none, none)
        table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
        hashtags = table.column("hashtag").chunk(0)
        order_of_keys = pc.sort_indices(hashtags.dictionary).to_numpy()
        rank = np.empty(len(order_of_keys), np.int64)
        rank[order_of_keys] = np.arange(len(order_of_keys))
        hashtag = rank[hashtags.indices.to_numpy()]
        account = table.column("account").to_numpy()
        order = np.argsort((account.astype(np.uint64) << np.uint64(32)) | hashtag.astype(np.uint64))
        numbers = (table.column(name).to_numpy()[order] for name in ("posts", "reposts", "first", "last", "leads"))
        return cls(hashtags.dictionary.take(pa.array(order_of_keys)), hashtag[order], account[order], *numbers)


@dataclasses.dataclass(frozen=True)
class Lookalikes:
    """Similar accounts from one side, in the order of (account, other): each pair once.

    account, other uint32[n], distance int32[n], hashtags int64[n]: in how many hashtags they are a pair.
    """

    account: Indices
    other: Indices
    distance: npt.NDArray[np.int32]
    hashtags: Counts

    @classmethod
    def of(cls, batches: Sequence[pa.RecordBatch]) -> Lookalikes:
        """From the blobs of the compare stage, where a pair stands once for every hashtag."""
        if not batches:
            none = np.zeros(0, np.uint32)
            return cls(none, none, np.zeros(0, np.int32), np.zeros(0, np.int64))
        table = pa.Table.from_batches(batches)
        account, other, distance = (column.to_numpy() for column in table.columns)
        pair = (account.astype(np.uint64) << np.uint64(32)) | other
        pairs, first, hashtags = np.unique(pair, return_index=True, return_counts=True)
        return cls((pairs >> np.uint64(32)).astype(np.uint32), pairs.astype(np.uint32), distance[first], hashtags)


@dataclasses.dataclass(frozen=True)
class AccountWriter:
    """Writes the three tables of a bucket of accounts."""

    accounts: str
    output: Path
    snapshot: str
    buckets: int

    def write(self, bucket: int, memberships: Memberships, lookalikes: Lookalikes) -> Iterator[FileEntry]:
        """The files of the tables that have rows; what is given may hold accounts of other buckets too."""
        bucket_of = account_buckets(self.accounts, self.buckets)
        accounts = np.flatnonzero(bucket_of == bucket).astype(np.uint32)
        used = np.flatnonzero(bucket_of[memberships.account] == bucket)
        alike = np.flatnonzero(bucket_of[lookalikes.account] == bucket)
        for table, pieces in (
            ("accounts", self._accounts(accounts, memberships, used, lookalikes.account[alike])),
            ("account_hashtags", self._hashtags(memberships, used)),
            ("lookalikes", self._lookalikes(lookalikes, alike)),
        ):
            first = next(pieces, None)
            if first is not None:
                path = data_path(self.snapshot, table, bucket=bucket)
                yield write_table(self.output, path, SCHEMAS[table], itertools.chain([first], pieces))

    def _accounts(
        self, accounts: Indices, memberships: Memberships, used: npt.NDArray[np.intp], alike: Indices
    ) -> Iterator[pa.RecordBatch]:
        table = accounts_table(self.accounts)
        place = np.searchsorted(accounts, memberships.account[used])
        posts = np.bincount(place, memberships.leads[used], len(accounts)).astype(np.int64)
        hashtags = np.bincount(place, minlength=len(accounts))
        found = np.bincount(np.searchsorted(accounts, alike), minlength=len(accounts))
        for part in _parts(len(accounts)):
            account = pa.array(accounts[part])
            yield pa.record_batch(
                [
                    table.ids.take(account).cast(pa.string()),
                    table.screen_names.take(account).cast(pa.string()),
                    as_times(table.created[accounts[part]]),
                    *map(pa.array, (posts[part], hashtags[part], found[part])),
                ],
                schema=SCHEMAS["accounts"],
            )

    def _hashtags(self, memberships: Memberships, used: npt.NDArray[np.intp]) -> Iterator[pa.RecordBatch]:
        ids = accounts_table(self.accounts).ids
        for part in _parts(len(used)):
            rows = used[part]
            yield pa.record_batch(
                [
                    ids.take(pa.array(memberships.account[rows])).cast(pa.string()),
                    memberships.keys.take(pa.array(memberships.hashtag[rows])),
                    pa.array(memberships.posts[rows]),
                    pa.array(memberships.reposts[rows]),
                    as_times(memberships.first[rows]),
                    as_times(memberships.last[rows]),
                ],
                schema=SCHEMAS["account_hashtags"],
            )

    def _lookalikes(self, lookalikes: Lookalikes, alike: npt.NDArray[np.intp]) -> Iterator[pa.RecordBatch]:
        table = accounts_table(self.accounts)
        account, other, distance = lookalikes.account[alike], lookalikes.other[alike], lookalikes.distance[alike]
        similarity, hashtags = similarities(table.names, account, other, distance), lookalikes.hashtags[alike]
        order = np.lexsort((other, -similarity, -hashtags, account))
        for part in _parts(len(order)):
            rows = order[part]
            others = pa.array(other[rows])
            yield pa.record_batch(
                [
                    table.ids.take(pa.array(account[rows])).cast(pa.string()),
                    table.ids.take(others).cast(pa.string()),
                    table.screen_names.take(others).cast(pa.string()),
                    pa.array(distance[rows]),
                    pa.array(similarity[rows]),
                    pa.array(hashtags[rows]),
                ],
                schema=SCHEMAS["lookalikes"],
            )


def _parts(rows: int) -> Iterator[slice]:
    return (slice(start, start + ROW_GROUP_ROWS) for start in range(0, rows, ROW_GROUP_ROWS))

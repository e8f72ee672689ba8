"""Whom accounts look like: what the comparison has sent, in the order of accounts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.exchange import Exchange
from jobs.exchange.ordered import batches_of, rows_in_parts
from jobs.inputs.accounts.table import AccountTable
from lookalike.kernel import similarities
from lookalike.snapshots.datafiles import row_groups
from lookalike.tables import LOOKALIKES

AT_ONCE: Final = 1 << 21  # pairs, from either side, that are put in order at once, in some 200 MB

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


def lookalikes_by_bucket(
    table: AccountTable, sent: Exchange, task: int, sources: int, bucket_of: npt.NDArray[np.uint16], buckets: range
) -> Iterator[Lookalikes]:
    """What so many sources have sent to a task, for each of its buckets of accounts; if it is little, all for each.

    bucket_of: uint16[accounts]. Memory: about AT_ONCE pairs, or those of a bucket.
    """
    found = sent.receive(task, range(sources))
    if found.num_rows <= AT_ONCE:
        lookalikes = Lookalikes.of(table, found)
        yield from (lookalikes for _ in buckets)
        return
    del found

    def part_of(rows: pa.RecordBatch) -> npt.NDArray[np.intp]:
        bucket = bucket_of[table.owner_of(rows["account"].to_numpy())]
        return (bucket.astype(np.intp) - buckets.start) // buckets.step

    with rows_in_parts(batches_of(sent, task, sources), len(buckets), part_of) as parts:
        for rows in parts:
            yield Lookalikes.of(table, rows)

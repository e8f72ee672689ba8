"""The pairs of a bucket in the order of their table, in parts where there are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.exchange import Exchange
from jobs.exchange.ordered import batches_of, rows_in_parts
from jobs.inputs.accounts.table import AccountTable
from jobs.stages.write.pairs import SimilarPairs
from lookalike.kernel import similarities
from lookalike.strings.compiler import compiled
from lookalike.strings.values import frozen

AT_ONCE: Final = 1 << 21  # pairs that are sorted at once, in some 150 MB

_SAMPLED = 1024  # pairs a part, from which the places to cut are taken


def sorted_pairs(table: AccountTable, sent: Exchange, bucket: int, sources: int) -> Iterator[SimilarPairs]:
    """What so many sources have sent to a bucket, in pieces that follow each other; never an empty piece.

    Memory: about AT_ONCE pairs. Two accounts with earlier names may be there with several similarities, of which one
    counts, so where there are such names the pairs of a bucket are sorted at once.
    """
    pairs = sent.receive(bucket, range(sources))
    count = pairs.num_rows
    if count <= AT_ONCE or len(table.earlier_owner):
        if count:
            yield SimilarPairs.of(table, pairs)
        return
    del pairs
    parts = -(-count // AT_ONCE)
    cuts = _Keys.sampled(table, batches_of(sent, bucket, sources), count, parts).cuts(parts)

    def part_of(rows: pa.RecordBatch) -> npt.NDArray[np.uint16]:
        part: npt.NDArray[np.uint16] = _part_of(_Keys.of(table, rows), cuts)
        return part

    with rows_in_parts(batches_of(sent, bucket, sources), parts, part_of) as found:
        for rows in found:
            if rows.num_rows:
                yield SimilarPairs.of(table, rows)


class _Keys(NamedTuple):
    """What n pairs are sorted by, but for the second account; for compiled code."""

    hashtag: npt.NDArray[np.uint32]
    similarity: npt.NDArray[np.float64]
    account: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, table: AccountTable, rows: pa.RecordBatch) -> Self:
        """Of the pairs in a batch."""
        hashtag, a, b, distance = (rows[name].to_numpy() for name in rows.schema.names)
        return cls(frozen(hashtag), frozen(similarities(table.names, a, b, distance)), frozen(a))

    @classmethod
    def sampled(cls, table: AccountTable, batches: Iterable[pa.RecordBatch], count: int, parts: int) -> Self:
        """Of some of the `count` pairs in the batches."""
        step = max(1, count // (_SAMPLED * parts))
        chosen = (rows.take(pa.array(np.arange(0, rows.num_rows, step))) for rows in batches)
        hashtag, similarity, account = zip(*(cls.of(table, rows) for rows in chosen), strict=True)
        return cls(np.concatenate(hashtag), np.concatenate(similarity), np.concatenate(account))

    def cuts(self, parts: int) -> Self:
        """The keys at which so many parts of about the same size begin, but for the first."""
        order = np.lexsort((self.account, -self.similarity, self.hashtag))
        chosen = order[np.arange(1, parts) * len(order) // parts]
        return type(self)(frozen(self.hashtag[chosen]), frozen(self.similarity[chosen]), frozen(self.account[chosen]))


@compiled
def _part_of(pairs: _Keys, cuts: _Keys) -> npt.NDArray[np.uint16]:
    """uint16[n]: how many cuts are not after each pair."""
    part = np.empty(len(pairs.hashtag), np.uint16)
    for pair in range(len(part)):
        hashtag, similarity, account = pairs.hashtag[pair], pairs.similarity[pair], pairs.account[pair]
        low, high = 0, len(cuts.hashtag)
        while low < high:
            middle = (low + high) // 2
            if cuts.hashtag[middle] != hashtag:
                is_after = cuts.hashtag[middle] > hashtag
            elif cuts.similarity[middle] != similarity:
                is_after = cuts.similarity[middle] < similarity
            else:
                is_after = cuts.account[middle] > account
            if is_after:
                high = middle
            else:
                low = middle + 1
        part[pair] = low
    return part

"""Stage 5 of an incremental run: the pairs of a bucket of hashtags, old and new."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.exchange import Exchange
from jobs.exchange.reports import WriteReport
from jobs.exchange.worker import accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.incremental.changes import account_changes
from jobs.incremental.mergesorted import SortedPairs, merge_sorted
from jobs.incremental.patch import Patcher
from jobs.stages.group.groups import Groups
from jobs.stages.group.hashtagtable import hashtag_table
from jobs.stages.write.pairs import SimilarPairs
from jobs.stages.write.sortedpairs import sorted_pairs
from lookalike.snapshots.datafiles import row_groups
from lookalike.snapshots.openfiles import runs_of
from lookalike.strings.places import StringPlaces

_READ_AT_ONCE: Final = 16  # row groups of the base: some 30 MB

Counts = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class PairMerger:
    """Writes the pairs of buckets: the base's but those of changed accounts, and those found."""

    accounts: WorkFile
    work: WorkPlace
    tables: Patcher

    def merge(self, bucket: int, sent: Exchange, sources: int) -> WriteReport:
        """Add the pairs that so many sources have sent; the report counts all pairs, those of the base too.

        Memory: as sorted_pairs, and some row groups of the base.
        """
        numbers = hashtag_table(self.work).numbers_in(bucket)
        found = sorted_pairs(accounts_table(self.accounts), sent, bucket, sources)
        first, changed = next(found, None), self._changed()
        if first is None and not (changed and self._any_gone(bucket, changed)):
            old = self.tables.base.hashtags(bucket)
            return WriteReport(
                self.tables.base.named("pairs", bucket), _listed(self._numbers(bucket, old.keys), old.pairs)
            )
        counts: Counts = np.zeros(len(numbers), np.int64)
        new = () if first is None else self._new(itertools.chain([first], found))
        pairs = merge_sorted(*(_counted(pieces, numbers, counts) for pieces in (self._kept(bucket, changed), new)))
        some = next(pairs, None)
        files = [] if some is None else self.tables.write_rows("pairs", bucket, itertools.chain([some], pairs))
        return WriteReport(files, _listed(numbers, counts))

    def _numbers(self, bucket: int, keys: pa.StringArray) -> npt.NDArray[np.uint32]:
        """This run's numbers of some hashtags of a bucket."""
        places = pc.index_in(keys, value_set=Groups.open(self.work, bucket).keys).to_numpy()
        return hashtag_table(self.work).numbers_in(bucket)[places]

    def _changed(self) -> StringPlaces | None:
        """Finds the accounts that are not what they were; None if there are none."""
        changed = account_changes(self.work).changed
        if not changed.any():
            return None
        return StringPlaces(accounts_table(self.accounts).ids.filter(pa.array(changed)).cast(pa.string()))

    def _any_gone(self, bucket: int, changed: StringPlaces) -> bool:
        columns = ["account_a", "account_b"]
        return any(_are_gone(rows, changed).any() for rows in self._stored(bucket, columns))

    def _stored(self, bucket: int, columns: list[str] | None = None) -> Iterator[pa.Table]:
        for file in self.tables.base.stored("pairs", bucket).files:
            groups = range(len(file.group_rows()))
            for start in groups[::_READ_AT_ONCE]:
                yield file.read_groups(groups[start : start + _READ_AT_ONCE], columns)

    def _kept(self, bucket: int, changed: StringPlaces | None) -> Iterator[SortedPairs]:
        """The pairs of the base but those of which an account is not what it was."""
        for stored in self._stored(bucket):
            keys, counts = runs_of(stored["hashtag"].combine_chunks())
            hashtag, rows = np.repeat(self._numbers(bucket, keys), counts), stored
            if changed is not None:
                stays = ~_are_gone(stored, changed)
                hashtag, rows = hashtag[stays], stored.filter(pa.array(stays))
            if len(hashtag):
                yield SortedPairs(hashtag, rows)

    def _new(self, found: Iterable[SimilarPairs]) -> Iterator[SortedPairs]:
        keys, ids = hashtag_table(self.work).keys, accounts_table(self.accounts).ids
        for pairs in found:
            for part, rows in zip(row_groups(len(pairs.hashtag)), pairs.rows(keys, ids), strict=True):
                yield SortedPairs(pairs.hashtag[part], pa.Table.from_batches([rows]))


def _are_gone(rows: pa.Table, changed: StringPlaces) -> npt.NDArray[np.bool_]:
    one, other = (changed.find(rows[side].combine_chunks()) >= 0 for side in ("account_a", "account_b"))
    gone: npt.NDArray[np.bool_] = one | other
    return gone


def _counted(pieces: Iterable[SortedPairs], numbers: npt.NDArray[np.uint32], counts: Counts) -> Iterator[SortedPairs]:
    """The same pieces. counts: int64[], to which the pairs of each of these hashtags are added on the way."""
    for piece in pieces:
        counts += np.bincount(np.searchsorted(numbers, piece.hashtag), minlength=len(counts))
        yield piece


def _listed(numbers: npt.NDArray[np.uint32], pairs: Counts) -> list[tuple[int, int]]:
    """The hashtags that have any pairs, and how many."""
    some = np.flatnonzero(pairs)
    return list(zip(numbers[some].tolist(), pairs[some].tolist(), strict=True))

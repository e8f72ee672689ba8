"""Stage 5 of an incremental run: the pairs of a bucket of hashtags, old and new."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.reports import WriteReport
from jobs.exchange.worker import accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.incremental.blocks import Blocks, find_owners
from jobs.incremental.changes import account_changes
from jobs.incremental.findpairs import first_not_before
from jobs.incremental.patch import Patch, Patcher
from jobs.stages.group.groups import Groups
from jobs.stages.group.hashtagtable import hashtag_table
from jobs.stages.write.pairs import SimilarPairs
from lookalike.tables import PAIRS


@dataclasses.dataclass(frozen=True)
class PairMerger:
    """Writes the pairs of buckets: the base's but those of changed accounts, and those found."""

    accounts: WorkFile
    work: WorkPlace
    tables: Patcher

    def merge(self, bucket: int, sent: pa.Table) -> WriteReport:
        """Add the pairs that the comparison has sent; the report counts all pairs, those of the base too."""
        old = self.tables.base.hashtags(bucket)
        numbers = self._numbers(bucket, old.keys)
        hashtag = sent["hashtag"].to_numpy()
        gone = self._gone(bucket)
        lost = np.bincount(np.repeat(np.arange(len(numbers)), old.pairs)[gone], minlength=len(numbers))
        counts = _counted(
            np.concatenate([numbers, hashtag]), np.concatenate([old.pairs - lost, np.ones(len(hashtag))])
        )
        if not len(hashtag) and not len(gone):
            return WriteReport(self.tables.base.named("pairs", bucket), counts)
        if not counts:
            return WriteReport([])
        hashtag, rows = self._rows(sent)
        place, known = find_owners(numbers, hashtag)
        wanted = np.zeros(len(numbers), bool)
        wanted[place[known]] = True
        blocks = Blocks.of(old.pairs, wanted)
        stored = self.tables.base.read("pairs", bucket)
        pairs = stored.select(["similarity", "account_a", "account_b"]).take(pa.array(blocks.rows)).combine_chunks()
        at = first_not_before(pairs, *blocks.spans(place, known), rows)
        patch = Patch(gone, blocks.rows_at(place, known, at), rows)
        return WriteReport(self.tables.write(patch, "pairs", bucket, stored), counts)

    def _numbers(self, bucket: int, keys: pa.StringArray) -> npt.NDArray[np.uint32]:
        """This run's numbers of hashtags of the base, ascending as their keys are."""
        places = pc.index_in(keys, value_set=Groups.open(self.work, bucket).keys).to_numpy()
        return hashtag_table(self.work).numbers_in(bucket)[places]

    def _gone(self, bucket: int) -> npt.NDArray[np.int64]:
        """The rows of the base of which an account is not what it was."""
        changed = account_changes(self.work).changed
        if not changed.any():
            return np.zeros(0, np.int64)
        ids = accounts_table(self.accounts).ids.filter(pa.array(changed)).cast(pa.string())
        rows = self.tables.base.read("pairs", bucket, ["account_a", "account_b"])
        return np.flatnonzero(pc.or_(*(pc.is_in(column, value_set=ids) for column in rows.columns)).to_numpy())

    def _rows(self, sent: pa.Table) -> tuple[npt.NDArray[np.uint32], pa.Table]:
        """The hashtag of each new pair, by number, and the pairs, both in the order of the table."""
        table = accounts_table(self.accounts)
        found = SimilarPairs.of(table, sent)
        rows = found.rows(hashtag_table(self.work).keys, table.ids)
        return found.hashtag, pa.Table.from_batches(rows, PAIRS.schema)


def _counted(hashtags: npt.NDArray[np.uint32], pairs: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """The hashtags that have any, by number, each once, and how many. pairs: of each, several times perhaps."""
    found, place = np.unique(hashtags, return_inverse=True)
    counts = np.bincount(place, pairs, len(found)).astype(np.int64)
    return [(number, count) for number, count in zip(found.tolist(), counts.tolist(), strict=True) if count]

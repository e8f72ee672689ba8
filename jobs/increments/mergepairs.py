"""Stage 5 of an incremental run: the pairs of a bucket of hashtags, old and new."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.increments.base import Base
from jobs.increments.changes import account_changes
from jobs.increments.patch import Patch
from jobs.kernel import similarities
from jobs.snapshots.entries import FileEntry
from jobs.snapshots.layout import PAIRS, data_path
from jobs.stages.groups import Groups
from jobs.stages.reports import WriteReport
from jobs.stages.worker import accounts_table, hashtag_table
from jobs.stages.write import pair_rows


@dataclasses.dataclass(frozen=True)
class PairMerger:
    """Writes the pairs of buckets. base: whose pairs are kept but those of changed accounts."""

    accounts: str
    output: Path
    work: Path
    snapshot: str
    base: Base

    def merge(self, bucket: int, sent: pa.Table) -> WriteReport:
        """Add the pairs that the comparison has sent; the report counts all pairs, those of the base too."""
        hashtags = self._numbers(bucket)
        if not sent.num_rows and not account_changes(self.work).changed.any():
            return _report(self.base.entries("pairs", bucket), hashtags)
        table = accounts_table(self.accounts)
        old = self.base.read("pairs", bucket, ["account_a", "account_b", "similarity"])
        old_left, old_right = (table.indices_of(old[name].combine_chunks()) for name in ("account_a", "account_b"))
        changed = account_changes(self.work).changed
        gone = changed[old_left] | changed[old_right]
        hashtag, left, right, distance = (column.to_numpy() for column in sent.columns)
        similarity = similarities(table.names, left, right, distance)
        columns = (
            np.concatenate([old_right, right]),
            np.concatenate([old_left, left]),
            -np.concatenate([old["similarity"].to_numpy(), similarity]),
            np.concatenate([hashtags, hashtag]),
        )
        order = np.lexsort(columns)
        places = np.flatnonzero(order >= len(old))
        new = order[places] - len(old)
        chosen = hashtag[new], left[new], right[new], distance[new], similarity[new]
        rows = pa.Table.from_batches(pair_rows(hashtag_table(str(self.work)).keys, table.ids, *chosen), PAIRS)
        patch = Patch.of(np.flatnonzero(gone), places - np.arange(len(places)), rows)
        now = np.concatenate([hashtags[~gone], hashtag])
        if not patch:
            return _report(self.base.entries("pairs", bucket), now)
        if not len(now):
            return WriteReport([])
        path = data_path(self.snapshot, "pairs", bucket=bucket)
        return _report([patch.write(self.output, path, self.base, "pairs", bucket)], now)

    def _numbers(self, bucket: int) -> npt.NDArray[np.uint32]:
        """The hashtag of every pair of the base, by this run's number."""
        old = self.base.hashtags(bucket)
        places = pc.index_in(old.keys, value_set=Groups.open(self.work, bucket).keys).to_numpy()
        numbers = hashtag_table(str(self.work)).numbers_in(bucket)[places]
        return np.repeat(numbers, old.pairs)


def _report(files: list[FileEntry], hashtags: npt.NDArray[np.uint32]) -> WriteReport:
    """hashtags: of every pair, by number."""
    found, counts = np.unique(hashtags, return_counts=True)
    return WriteReport(files, list(zip(found.tolist(), counts.tolist(), strict=True)))

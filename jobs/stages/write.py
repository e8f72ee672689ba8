"""Stage 5: the pairs of a bucket in the order in which they are looked up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.snapshots.datafiles import ROW_GROUP_ROWS, write_table
from jobs.snapshots.layout import PAIRS, data_path
from jobs.stages.blobs import report, rows_of, unpack
from jobs.stages.groups import Groups
from jobs.stages.reports import WriteReport
from jobs.stages.worker import accounts_table


@dataclasses.dataclass(frozen=True)
class WritePairs:
    """mapInArrow function: similar pairs of buckets in; pairs to the snapshot, a report a bucket out."""

    accounts: str
    output: Path
    work: Path
    snapshot: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write the pairs of each bucket that comes in."""
        pairs: dict[int, list[pa.RecordBatch]] = {}
        for _, bucket, carrier in unpack(batches):
            pairs.setdefault(bucket, []).append(rows_of(carrier))
        for bucket in sorted(pairs):
            yield report(self._write(bucket, pa.Table.from_batches(pairs.pop(bucket))))

    def _write(self, bucket: int, pairs: pa.Table) -> WriteReport:
        names = accounts_table(self.accounts).names
        hashtag, left, right, distance = (column.to_numpy() for column in pairs.columns)
        del pairs
        lengths = np.diff(names.offsets)
        longer = np.maximum(lengths[left], lengths[right])
        similarity = (longer - distance) / np.maximum(longer, 1)
        similarity[longer == 0] = 1.0  # two empty names, which folding may leave, are identical
        order = np.lexsort((right, left, -similarity, hashtag))
        columns = hashtag[order], left[order], right[order], distance[order], similarity[order]
        path = data_path(self.snapshot, "pairs", bucket=bucket)
        entry = write_table(self.output, path, PAIRS, self._pieces(bucket, *columns))
        found, counts = np.unique(hashtag, return_counts=True)
        return WriteReport(bucket, entry, list(zip(found.tolist(), counts.tolist(), strict=True)))

    def _pieces(
        self,
        bucket: int,
        hashtag: npt.NDArray[np.uint32],
        left: npt.NDArray[np.uint32],
        right: npt.NDArray[np.uint32],
        distance: npt.NDArray[np.int32],
        similarity: npt.NDArray[np.float64],
    ) -> Iterator[pa.RecordBatch]:
        keys = Groups.open(self.work, bucket).keys
        ids = accounts_table(self.accounts).ids
        for start in range(0, len(hashtag), ROW_GROUP_ROWS):
            part = slice(start, start + ROW_GROUP_ROWS)
            yield pa.record_batch(
                [
                    keys.take(pa.array(hashtag[part])),
                    ids.take(pa.array(left[part])).cast(pa.string()),
                    ids.take(pa.array(right[part])).cast(pa.string()),
                    pa.array(distance[part]),
                    pa.array(similarity[part]),
                ],
                schema=PAIRS,
            )

"""Stage 5: the pairs of a bucket, and what is known of an account, in the order in which they are looked up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.kernel import similarities
from jobs.snapshots import layout
from jobs.snapshots.datafiles import ROW_GROUP_ROWS, write_table
from jobs.stages.accounts import AccountWriter, Lookalikes, Memberships
from jobs.stages.blobs import blob, report, rows_of, unpack
from jobs.stages.compare import LOOKALIKES, PAIRS
from jobs.stages.group import MEMBERSHIPS
from jobs.stages.groups import Groups
from jobs.stages.reports import WriteReport
from jobs.stages.worker import accounts_table

OPEN = "open"  # the kind of an empty blob, which tells a task of accounts to write even if nothing else comes


@dataclasses.dataclass(frozen=True)
class OpenAccountTasks:
    """mapInArrow function: numbers of tasks in, an OPEN blob for the writer of accounts of that number out."""

    tasks: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Open each task."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield blob(OPEN, self.tasks + number, 0, pa.record_batch({"nothing": pa.array([], pa.int8())}))


@dataclasses.dataclass(frozen=True)
class WriteTables:
    """mapInArrow function: pairs, memberships and look-alikes in; tables to the snapshot, reports out.

    buckets, tasks: bucket b of hashtags is written by task b mod tasks, bucket b of accounts by tasks + b mod tasks.
    """

    accounts: str
    output: Path
    work: Path
    snapshot: str
    buckets: int
    tasks: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write the pairs of each bucket of hashtags that comes in, or the accounts of this task's buckets."""
        pairs: dict[int, list[pa.RecordBatch]] = {}
        accounts: dict[str, list[pa.RecordBatch]] = {}
        task = None
        for kind, bucket, carrier in unpack(batches):
            if kind == PAIRS:
                pairs.setdefault(bucket, []).append(rows_of(carrier))
            else:
                task = carrier["partition"][0].as_py() - self.tasks
                if kind != OPEN:
                    accounts.setdefault(kind, []).append(rows_of(carrier))
        for bucket in sorted(pairs):
            yield report(self._write_pairs(bucket, pa.Table.from_batches(pairs.pop(bucket))))
        if task is not None:
            yield from self._write_accounts(task, accounts)

    def _write_accounts(self, task: int, rows: dict[str, list[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
        writer = AccountWriter(self.accounts, self.output, self.snapshot, self.buckets)
        memberships = Memberships.of(rows.pop(MEMBERSHIPS, []))
        lookalikes = Lookalikes.of(rows.pop(LOOKALIKES, []))
        for bucket in range(task, self.buckets, self.tasks):
            files = list(writer.write(bucket, memberships, lookalikes))
            yield report(WriteReport(files=files, bucket=bucket, counts=[]))

    def _write_pairs(self, bucket: int, pairs: pa.Table) -> WriteReport:
        hashtag, left, right, distance = (column.to_numpy() for column in pairs.columns)
        del pairs
        similarity = similarities(accounts_table(self.accounts).names, left, right, distance)
        order = np.lexsort((right, left, -similarity, hashtag))
        columns = hashtag[order], left[order], right[order], distance[order], similarity[order]
        path = layout.data_path(self.snapshot, "pairs", bucket=bucket)
        entry = write_table(self.output, path, layout.PAIRS, self._pieces(bucket, *columns))
        found, counts = np.unique(hashtag, return_counts=True)
        return WriteReport([entry], bucket, list(zip(found.tolist(), counts.tolist(), strict=True)))

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
                schema=layout.PAIRS,
            )

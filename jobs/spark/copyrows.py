"""The task that copies what Spark has read: its rows in, Parquet files of the work place out."""

from __future__ import annotations

import dataclasses
import itertools
import uuid
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark import TaskContext

from jobs.exchange.workplace import WorkPlace
from jobs.inputs.copies import Copied, Identity
from jobs.inputs.formats.parquet import group_bytes
from jobs.inputs.stores.store import FileStatus
from jobs.inputs.streams import file_status
from jobs.inputs.tables import Copy

HASH: Final = "hash"  # int64: of all columns of a row that are copied
VALUE: Final = "value"  # string: of the partition; there is no such column where there are no partitions

# What a task says of each file, as Spark writes a schema.
COPIES: Final = (
    "value string, task int, path string, size long, modified_ns long, version string, rows long, "
    "groups array<long>, checksum decimal(20,0)"
)
_SCHEMA: Final = pa.schema(
    {
        "value": pa.string(),
        "task": pa.int32(),
        "path": pa.string(),
        "size": pa.int64(),
        "modified_ns": pa.int64(),
        "version": pa.string(),
        "rows": pa.int64(),
        "groups": pa.list_(pa.int64()),
        "checksum": pa.decimal128(20),
    }
)
_GROUP_BYTES: Final = 32 << 20  # in memory, of the rows that a task holds before it writes them


def copied(row: Any) -> Copied:
    """What a task said of a file."""
    status = FileStatus(row.size, row.modified_ns, row.version)
    copy = Copy(row.path, status, row.rows, tuple(row.groups))
    return Copied(row.value, row.task, copy, Identity(row.rows, int(row.checksum)))


@dataclasses.dataclass(frozen=True)
class CopyRows:
    """Function of mapInArrow: the rows of a task in, those of a partition together; what was copied out.

    Every attempt of a task writes files of its own. Spark hands over what one of them returns, and that names the
    files that count.
    """

    work: WorkPlace

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Copy."""
        context = TaskContext.get()
        task = 0 if context is None else context.partitionId()
        for value, pieces in itertools.groupby(_pieces(batches), key=lambda piece: piece[0]):
            yield self._copy(task, value, (rows for _, rows in pieces))

    def _copy(self, task: int, value: str | None, pieces: Iterator[pa.RecordBatch]) -> pa.RecordBatch:
        first = next(pieces)
        schema = pa.schema([field for field in first.schema if field.name not in (HASH, VALUE)])
        name = f"{uuid.uuid4().hex}.parquet"
        identities: list[Identity] = []
        metadata: list[Any] = []
        with (
            self.work.create_input(name) as file,
            pq.ParquetWriter(
                file, schema, compression="lz4", write_statistics=False, metadata_collector=metadata
            ) as writer,
        ):
            for batch in _gathered(itertools.chain([first], pieces)):
                hashes = batch[HASH].to_numpy().view(np.uint64)
                identities.append(Identity(len(batch), int(np.add.reduce(hashes))))  # modulo 2^64
                writer.write_table(batch.select(schema.names))
        path = self.work.input_path(name)
        status, identity = file_status(path), Identity.of(identities)
        said = {
            "value": value,
            "task": task,
            "path": path,
            "size": status.size,
            "modified_ns": status.modified_ns,
            "version": status.version,
            "rows": identity.rows,
            "groups": group_bytes(metadata[0]),
            "checksum": Decimal(identity.checksum),
        }
        return pa.RecordBatch.from_pylist([said], _SCHEMA)


def _pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str | None, pa.RecordBatch]]:
    """The rows with their value of VALUE, in pieces that have one value each."""
    for batch in batches:
        if not len(batch):
            continue
        if VALUE not in batch.schema.names:
            yield None, batch
            continue
        runs = pc.run_end_encode(batch[VALUE].cast(pa.string()))
        edges = [0, *runs.run_ends.to_pylist()]
        for value, (start, end) in zip(runs.values.to_pylist(), itertools.pairwise(edges), strict=True):
            yield value, batch.slice(start, end - start)


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows in tables that are groups of rows of a file."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.nbytes for one in held) >= _GROUP_BYTES:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)

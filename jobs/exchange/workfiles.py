"""Work files of record batches, which any task of the run maps into memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from jobs.exchange.workplace import WorkFile


def write_work_file(file: WorkFile, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write record batches as an Arrow file."""
    with file.create() as opened, pa.ipc.new_file(opened, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def open_work_file(file: WorkFile) -> pa.ipc.RecordBatchFileReader:
    """The batches of an Arrow file, mapped into memory as they are asked for."""
    return pa.ipc.open_file(pa.memory_map(str(file.local())))


def read_columns(file: WorkFile, columns: Sequence[str]) -> pa.RecordBatch:
    """Some columns of the only batch of an Arrow file. Nothing else is fetched from a store."""
    with file.stream() as source:
        names = pa.ipc.open_file(source).schema.names
        options = pa.ipc.IpcReadOptions(included_fields=[names.index(column) for column in columns])
        return pa.ipc.open_file(source, options=options).get_batch(0)

"""Work files of record batches, which any task of the run maps into memory."""

from __future__ import annotations

from collections.abc import Iterable

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

"""Files of a run's work folder: record batches that any task of the run maps into memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from jobs.snapshots.durable import temporary_beside


def write_work_file(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write a file that appears whole; a task that runs again replaces it by the same."""
    temporary = temporary_beside(path)
    with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    temporary.rename(path)


def open_work_file(path: Path) -> pa.ipc.RecordBatchFileReader:
    """The batches of a file, mapped into memory as they are asked for."""
    return pa.ipc.open_file(pa.memory_map(str(path)))

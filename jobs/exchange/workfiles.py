"""Files of a run's work folder, which any task of the run maps into memory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from lookalike.outputs.durable import temporary_beside

_FLUSHED = "flushed"  # the name of a file that says that files here are flushed to the disk


def flush_files(work: Path) -> None:
    """From now on flush what is written here before it has its name.

    For a cluster: Spark does not repeat the tasks of a machine that dies once they have ended. On a single machine
    the run dies with it.
    """
    (work / _FLUSHED).touch()


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name when the context is left without an error, or not at all.

    A task that runs again replaces it by the same.
    """
    temporary = temporary_beside(path)
    try:
        with temporary.open("xb") as file:
            yield file
            if (path.parent / _FLUSHED).exists():
                file.flush()
                os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_work_file(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write record batches as an Arrow file."""
    with whole_file(path) as file, pa.ipc.new_file(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def open_work_file(path: Path) -> pa.ipc.RecordBatchFileReader:
    """The batches of an Arrow file, mapped into memory as they are asked for."""
    return pa.ipc.open_file(pa.memory_map(str(path)))

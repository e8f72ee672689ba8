"""Rows on their way from the tasks of one stage to those of the next, through the run's work folder.

Spark's shuffle copies what it moves from Python into Java, onto Java's disk and back, and a result that is both
counted and used has to be kept besides. Here a task writes one file, in which any task finds what is for it and
maps it into memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from jobs.snapshots.durable import temporary_beside

_ALIGNED = 64  # bytes: where Arrow wants a mapped batch to begin
_LENGTH = 8  # bytes of the last field of a file


@dataclasses.dataclass(frozen=True)
class Exchange:
    """What goes from one stage to the next: tasks of the former are its sources, parts of the latter its targets.

    A file: record batches without their schema; then int64[n, 3], target, offset and length of each, by target;
    last n, as 8 bytes.
    """

    work: Path
    name: str
    schema: pa.Schema

    def source(self, number: int) -> Outbox:
        """Where a task puts what it sends; use as a context manager."""
        return Outbox(self._path(number), self.schema)

    def receive(self, target: int, sources: Iterable[int]) -> pa.Table:
        """What the sources have sent to a target, in their order; mapped, not read."""
        batches: list[pa.RecordBatch] = []
        for number in sources:
            batches += _sent_to(target, self._path(number), self.schema)
        return pa.Table.from_batches(batches, self.schema)

    def _path(self, source: int) -> Path:
        return self.work / f"{self.name}-{source:06d}.bin"


class Outbox:
    """What one task sends. The file appears, whole, when the context is left without an error."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._temporary = temporary_beside(path)
        self._file = self._temporary.open("xb")
        self._index: list[tuple[int, int, int]] = []

    def send(self, target: int, rows: pa.RecordBatch) -> None:
        """Send rows to a target; those of earlier calls come before them."""
        message = rows.cast(self._schema).serialize()
        self._index.append((target, self._file.tell(), message.size))
        self._file.write(message)
        self._file.write(b"\0" * (-message.size % _ALIGNED))

    def __enter__(self) -> Self:
        """Return the box."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file; a task that runs again replaces it by the same."""
        with self._file:
            if kind is None:
                index = np.array(self._index, np.int64).reshape(-1, 3)
                self._file.write(index[np.argsort(index[:, 0], kind="stable")].tobytes())
                self._file.write(len(index).to_bytes(_LENGTH, "little"))
        if kind is None:
            self._temporary.rename(self._path)
        else:
            self._temporary.unlink()


def _sent_to(target: int, path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as file:
        content = file.read_buffer()
    count = int.from_bytes(content[content.size - _LENGTH :].to_pybytes(), "little")
    end = content.size - _LENGTH
    index = np.frombuffer(content[end - count * 24 : end], np.int64).reshape(-1, 3)
    first, last = np.searchsorted(index[:, 0], [target, target + 1])
    for _, offset, length in index[first:last].tolist():
        yield pa.ipc.read_record_batch(content[offset : offset + length], schema)

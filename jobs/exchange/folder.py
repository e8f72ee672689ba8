"""The exchange through the run's work folder, which all machines see.

Spark's shuffle copies what it moves from Python into Java, onto Java's disk and back, and a result that is both
counted and used has to be kept besides. Here a task writes one file, in which any task finds what is for it and
maps it into memory.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from jobs.exchange.workplace import WorkFile, WorkPlace

_ALIGNED = 64  # bytes: where Arrow wants a mapped batch to begin
_LENGTH = 8  # bytes of the number of batches
_END = b"exchange"


@dataclasses.dataclass(frozen=True)
class FolderExchange:
    """An exchange of one file for each source; see Exchange.

    A file: record batches without their schema; then int64[n, 3], target, offset and length of each, by target;
    then n, as 8 bytes, and a mark, without which a file that a dying machine left half-written looks empty.
    """

    work: WorkPlace
    name: str
    schema: pa.Schema

    @contextlib.contextmanager
    def source(self, number: int) -> Iterator[FileOutbox]:
        """As in Exchange."""
        with self._file(number).create() as file:
            box = FileOutbox(file, self.schema)
            yield box
            box.finish()

    def receive(self, target: int, sources: Iterable[int]) -> pa.Table:
        """As in Exchange; mapped, not read."""
        batches: list[pa.RecordBatch] = []
        for number in sources:
            batches += _sent_to(target, self._file(number).local(), self.schema)
        return pa.Table.from_batches(batches, self.schema)

    def _file(self, source: int) -> WorkFile:
        return self.work / f"{self.name}-{source:06d}.bin"


class FileOutbox:
    """As Outbox."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._file, self._schema = file, schema
        self._index: list[tuple[int, int, int]] = []

    def send(self, target: int, rows: pa.RecordBatch) -> None:
        """As in Outbox."""
        message = rows.cast(self._schema).serialize()
        self._index.append((target, self._file.tell(), message.size))
        self._file.write(message)
        self._file.write(b"\0" * (-message.size % _ALIGNED))

    def finish(self) -> None:
        """Write where everything is."""
        index = np.array(self._index, np.int64).reshape(-1, 3)
        self._file.write(index[np.argsort(index[:, 0], kind="stable")].tobytes())
        self._file.write(len(index).to_bytes(_LENGTH, "little") + _END)


def remove_sent(work: Path, name: str) -> None:
    """Remove the files of an exchange, once all of them have been received."""
    for path in work.glob(f"{name}-*.bin"):
        path.unlink()


def _sent_to(target: int, path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as file:
        content = file.read_buffer()
    end = content.size - len(_END) - _LENGTH
    if end < 0 or content[end + _LENGTH :].to_pybytes() != _END:
        raise RuntimeError(f"{path}: the file is incomplete; start the run again")
    count = int.from_bytes(content[end : end + _LENGTH].to_pybytes(), "little")
    index = np.frombuffer(content[end - count * 24 : end], np.int64).reshape(-1, 3)
    first, last = np.searchsorted(index[:, 0], [target, target + 1])
    for _, offset, length in index[first:last].tolist():
        yield pa.ipc.read_record_batch(content[offset : offset + length], schema)

"""The run's work folder, which all machines see: files are written there, and mapped by whoever reads them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from jobs.exchange.workplace import WorkPlace
from lookalike.outputs.durable import temporary_beside


@dataclasses.dataclass(frozen=True)
class WorkFolder(WorkPlace):
    """See WorkPlace.

    flushed: whether files are flushed to the disk before they have their names. For a cluster: Spark does not repeat
    the tasks of a machine that dies once they have ended. On a single machine the run dies with it.
    """

    path: Path
    flushed: bool = False

    @contextlib.contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """As in WorkPlace."""
        path = self.local(name)
        temporary = temporary_beside(path)
        try:
            with temporary.open("xb") as file:
                yield file
                if self.flushed:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.rename(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def local(self, name: str) -> Path:
        """As in WorkPlace."""
        return self.path / name

    def stream(self, name: str) -> AbstractContextManager[Any]:
        """As in WorkPlace."""
        return contextlib.nullcontext(pa.memory_map(str(self.local(name))))

    def create_input(self, name: str) -> AbstractContextManager[BinaryIO]:
        """As in WorkPlace."""
        return self.create(name)

    def input_path(self, name: str) -> str:
        """As in WorkPlace."""
        return str(self.local(name))

    def exists(self, name: str) -> bool:
        """As in WorkPlace."""
        return self.local(name).exists()

    @contextlib.contextmanager
    def counter(self, name: str) -> Iterator[FileCounter]:
        """As in WorkPlace: a file to which each task adds a byte for each step."""
        file = os.open(self.local(name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            yield FileCounter(file)
        finally:
            os.close(file)


@dataclasses.dataclass(frozen=True)
class FileCounter:
    """As Counter. file: its descriptor."""

    file: int

    def add(self, steps: int) -> int:
        """As in Counter."""
        os.write(self.file, bytes(steps))
        return os.fstat(self.file).st_size

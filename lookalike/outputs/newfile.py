"""A data file that is being written: in a folder under another name, in an object store as an upload."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from lookalike.outputs.durable import flush_and_close, temporary_beside


class NewFile(ABC):
    """A file that nobody sees before `finish` has put all of it under its name.

    A second attempt at the same name replaces the first, so a task that Spark runs again does no harm.
    """

    @abstractmethod
    def write(self, data: memoryview) -> None:
        """Append bytes."""

    @abstractmethod
    def finish(self) -> None:
        """Put the file under its name; within `durable.flushed_behind` it is safe there when that ends."""

    @abstractmethod
    def discard(self) -> None:
        """Forget what was written; not called after `finish`, unless that failed."""


class FolderFile(NewFile):
    """A file of this machine. It is renamed once it is whole."""

    def __init__(self, target: Path) -> None:
        """Open a temporary file beside the target, whose folder is made."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self._target, self._temporary = target, temporary_beside(target)
        self._file = self._temporary.open("xb", buffering=0)

    def write(self, data: memoryview) -> None:
        """See NewFile."""
        written = 0
        while written < len(data):  # a raw file may write less than asked
            written += self._file.write(data[written:])

    def finish(self) -> None:
        """See NewFile."""
        flush_and_close(self._file)
        self._temporary.replace(self._target)

    def discard(self) -> None:
        """See NewFile."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

"""A data file open as Parquet: what all places have in common, and a file of this machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output, check_bytes
from lookalike.outputs.regular import open_regular

DAMAGE: Final = (pa.ArrowException, OSError, ValueError, IndexError)


def first_line(error: BaseException) -> str:
    """The message of an error, without what Arrow adds about its own sources."""
    return str(error).partition("\n")[0]


class OpenParquet(ABC):
    """A context in which a data file is open as a pq.ParquetFile. DAMAGE raised in it becomes a SnapshotError."""

    def __init__(self, output: Output, entry: FileEntry, footer: pq.FileMetaData | None) -> None:
        """Nothing is opened yet. footer: if it has been read before."""
        self._output, self._entry, self._footer = output, entry, footer

    @abstractmethod
    def _opened(self) -> pq.ParquetFile:
        """Open the file."""

    def __enter__(self) -> Any:
        try:
            return self._opened()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DAMAGE):
            place = self._output.name(self._entry.path)
            raise SnapshotError(f"{place}: is damaged: {first_line(error)}") from None


class LocalParquet(OpenParquet):
    """See OpenParquet. encoded: columns of strings to read as dictionaries."""

    def __init__(
        self, output: Output, entry: FileEntry, footer: pq.FileMetaData | None, encoded: Sequence[str] | None
    ) -> None:
        """Nothing is opened yet."""
        super().__init__(output, entry, footer)
        self._encoded = encoded
        self._source: pa.OSFile | None = None

    def _opened(self) -> pq.ParquetFile:
        path = self._output.name(self._entry.path)
        try:
            open_regular(Path(path)).close()
            # Read, not mapped into memory: a mapped file that is cut short kills the process.
            self._source = pa.OSFile(path)
        except OSError as error:
            raise SnapshotError(f"{path}: cannot be opened: {error}") from None
        check_bytes(self._output, self._entry, self._source.size())
        return pq.ParquetFile(self._source, metadata=self._footer, read_dictionary=self._encoded)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._source is not None:
            self._source.close()
        super().__exit__(kind, error, trace)

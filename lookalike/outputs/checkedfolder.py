"""A folder of which nothing is decoded that has not been held against its checksum.

For a run that builds on a snapshot: what it took from a damaged file would get a right checksum in the next one.
Arrow also crashes, or asks for all memory, on some damaged files, so the checksum comes first.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from lookalike.errors import SnapshotError
from lookalike.outputs.checksums import Checksum
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.openparquet import OpenParquet

_KEPT_BYTES: Final = 64 << 20


class CheckedFolder(FolderOutput):
    """See FolderOutput.

    A file is read into memory, compared, and decoded from there; of the files read last some are kept, _KEPT_BYTES of
    them. A larger file, as of a bucket with very many pairs, is read through once and then read like any other, a row
    group at a time: what the disk changes between the two is not noticed.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        super().__init__(folder)
        self._kept: OrderedDict[FileEntry, memoryview] = OrderedDict()
        self._checked: set[FileEntry] = set()
        self._lock = threading.Lock()

    def open_file(
        self,
        entry: FileEntry,
        footer: pq.FileMetaData | None = None,
        groups: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
        *,
        encoded: bool = False,
    ) -> contextlib.AbstractContextManager[Any]:
        """See Output."""
        if entry.bytes > _KEPT_BYTES:
            self.check_file(entry)
            return super().open_file(entry, footer, groups, columns, encoded=encoded)
        return _CheckedParquet(self, entry, footer, columns if encoded else None)

    def check_file(self, entry: FileEntry) -> None:
        """See Output; does nothing for a file that was read here before."""
        if entry not in self._checked:
            super().check_file(entry)
            self._checked.add(entry)

    def content(self, entry: FileEntry) -> memoryview:
        """All bytes of a file. Raises SnapshotError unless they are those of its entry."""
        with self._lock:
            if entry in self._kept:
                self._kept.move_to_end(entry)
                return self._kept[entry]
        found = self.whole(entry)
        checksum = Checksum(entry.checksum)
        checksum.update(found)
        if checksum.text() != entry.checksum:
            raise SnapshotError(f"{self.name(entry.path)}: its checksum is not the manifest's")
        self._checked.add(entry)
        with self._lock:
            self._kept[entry] = found
            while sum(view.nbytes for view in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return found


class _CheckedParquet(OpenParquet):
    """See OpenParquet. encoded: columns of strings to read as dictionaries."""

    def __init__(
        self,
        output: CheckedFolder,
        entry: FileEntry,
        footer: pq.FileMetaData | None,
        encoded: Sequence[str] | None,
    ) -> None:
        super().__init__(output, entry, footer)
        self._folder, self._encoded = output, encoded

    def _opened(self) -> pq.ParquetFile:
        source = pa.BufferReader(pa.py_buffer(self._folder.content(self._entry)))
        return pq.ParquetFile(source, metadata=self._footer, read_dictionary=self._encoded)

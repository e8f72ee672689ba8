"""A folder of which each part is compared with its checksum whenever it is read.

For a service, which reads parts of the same files for days, and for a run that builds on a snapshot: a bit that the
disk has lost would give wrong rows, in a new snapshot under right checksums, and Arrow crashes on some damaged files.
The manifest has one checksum of a whole file. When that has been compared, the checksums of the file's blocks are
known, too; they are kept in memory, a byte for eight kilobytes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from blake3 import blake3

from lookalike.errors import SnapshotError
from lookalike.outputs.checksums import Checksum
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.interface import check_checksum
from lookalike.outputs.openparquet import OpenParquet

_BLOCK: Final = 1 << 16  # bytes
_SUM: Final = 8  # bytes of a block's checksum
_AT_ONCE: Final = 16  # blocks that are read at once while a whole file is compared


class ComparedFolder(FolderOutput):
    """See FolderOutput."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        super().__init__(folder)
        self._sums: dict[FileEntry, bytes] = {}

    def open_file(
        self,
        entry: FileEntry,
        footer: pq.FileMetaData | None = None,
        groups: Sequence[int] | None = None,  # noqa: ARG002  # a disk is read when Arrow asks, not ahead
        columns: Sequence[str] | None = None,
        *,
        encoded: bool = False,
    ) -> contextlib.AbstractContextManager[Any]:
        """See Output. A file that was never compared is compared first."""
        sums = self._sums.get(entry)
        if sums is None:
            self.check_file(entry)
            sums = self._sums[entry]
        return _ComparedParquet(self, entry, footer, sums, columns if encoded else None)

    def check_file(self, entry: FileEntry) -> None:
        """See Output."""
        whole, sums = Checksum(entry.checksum), bytearray()
        with self.opened(entry) as file:
            for start in range(0, entry.bytes, _AT_ONCE * _BLOCK):
                piece = memoryview(_read(self, entry, file.fileno(), start, _AT_ONCE * _BLOCK))
                whole.update(piece)
                sums += b"".join(_sum_of(piece[at : at + _BLOCK]) for at in range(0, len(piece), _BLOCK))
        check_checksum(self, entry, whole.text())
        self._sums[entry] = bytes(sums)

    def keep_only(self, entries: Collection[FileEntry]) -> None:
        """See Output."""
        self._sums = {entry: sums for entry in entries if (sums := self._sums.get(entry)) is not None}


class _ComparedParquet(OpenParquet):
    """See OpenParquet. sums: of the blocks. encoded: columns of strings to read as dictionaries."""

    def __init__(
        self,
        output: ComparedFolder,
        entry: FileEntry,
        footer: pq.FileMetaData | None,
        sums: bytes,
        encoded: Sequence[str] | None,
    ) -> None:
        super().__init__(output, entry, footer)
        self._folder, self._sums, self._encoded = output, sums, encoded
        self._stack = contextlib.ExitStack()

    def _opened(self) -> pq.ParquetFile:
        file = self._stack.enter_context(self._folder.opened(self._entry))
        source = pa.PythonFile(_Blocks(self._folder, self._entry, file.fileno(), self._sums), mode="r")
        return pq.ParquetFile(source, metadata=self._footer, read_dictionary=self._encoded, pre_buffer=False)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._stack.close()
        super().__exit__(kind, error, trace)


class _Blocks:
    """A file for Arrow, open under a descriptor: whole blocks are read, compared, and cut to what was asked for."""

    def __init__(self, output: FolderOutput, entry: FileEntry, descriptor: int, sums: bytes) -> None:
        self._output, self._entry, self._descriptor, self._sums = output, entry, descriptor, sums
        self._at = 0
        self._start, self._kept = 0, b""  # of what was read last: columns follow each other
        self.closed = False

    def read(self, length: int = -1) -> memoryview:
        left = max(0, self._entry.bytes - self._at)
        length = left if length < 0 else min(length, left)
        found = self._compared(self._at, length)
        self._at += length
        return found

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        self._at = place + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._entry.bytes}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self.closed = True

    def _compared(self, start: int, length: int) -> memoryview:
        if not self._start <= start <= start + length <= self._start + len(self._kept):
            first, end = start // _BLOCK, -(-(start + length) // _BLOCK)
            blocks = _read(self._output, self._entry, self._descriptor, first * _BLOCK, (end - first) * _BLOCK)
            view = memoryview(blocks)
            for number in range(first, end):
                at = (number - first) * _BLOCK
                if _sum_of(view[at : at + _BLOCK]) != self._sums[number * _SUM : (number + 1) * _SUM]:
                    raise SnapshotError(f"{self._output.name(self._entry.path)}: its checksum is not the manifest's")
            self._start, self._kept = first * _BLOCK, blocks
        return memoryview(self._kept)[start - self._start : start - self._start + length]


def _read(output: FolderOutput, entry: FileEntry, descriptor: int, start: int, length: int) -> bytes:
    """Bytes of a file, up to its end. Raises SnapshotError if the disk does not give them all."""
    pieces = []
    wanted = min(length, entry.bytes - start)
    while wanted:
        try:
            piece = os.pread(descriptor, wanted, start)
        except OSError as error:
            raise SnapshotError(f"{output.name(entry.path)}: cannot be read: {error.strerror}") from None
        if not piece:
            raise SnapshotError(f"{output.name(entry.path)}: has {start} bytes, the manifest says {entry.bytes}")
        pieces.append(piece)
        start, wanted = start + len(piece), wanted - len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _sum_of(block: memoryview) -> bytes:
    return blake3(block).digest(length=_SUM)

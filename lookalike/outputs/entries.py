"""The data files of a snapshot as its manifest lists them, and whether they are still what it says."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from lookalike.errors import SnapshotError
from lookalike.outputs.checksums import Checksum, is_checksum
from lookalike.outputs.layout import join_path, parse_data_path
from lookalike.outputs.outputs import Output
from lookalike.tables import TABLES

_PIECE: Final = 1 << 20  # bytes read at once


@dataclass(frozen=True)
class FileEntry:
    """One data file of a snapshot, as the manifest lists it.

    path: relative to the output folder, not to the snapshot's, because a snapshot may name files of
    an earlier one. bytes: size on disk. checksum: of the file's bytes, see checksums.py. generation: of the
    run that wrote the file, counted from the last full run. replaces: rows of a table with generations whose
    key an older file has too, so that they count instead of a row there.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # for the manifest

    path: str
    table: str
    bucket: int | None
    rows: int
    bytes: int
    checksum: str
    generation: int = 0
    replaces: int = 0

    def __post_init__(self) -> None:
        """Refuse an entry whose path is unsafe or contradicts the rest."""
        parts = parse_data_path(self.path)
        if (parts.table, parts.bucket) != (self.table, self.bucket):
            raise SnapshotError(f"{self.path}: is not of table {self.table!r}, bucket {self.bucket}")
        if self.rows < 0 or self.bytes < 1:
            raise SnapshotError(f"{self.path}: {self.rows} rows in {self.bytes} bytes")
        can_replace = self.generation > 0 and TABLES[self.table].generations
        if self.generation < 0 or not 0 <= self.replaces <= (self.rows if can_replace else 0):
            raise SnapshotError(f"{self.path}: generation {self.generation} cannot replace {self.replaces} rows")
        if not is_checksum(self.checksum):
            raise SnapshotError(f"{self.path}: not a checksum: {self.checksum[:80]!r}")

    @property
    def snapshot(self) -> str:
        """The id of the snapshot in whose folder the file lies."""
        return parse_data_path(self.path).snapshot


def check_sizes(output: Output, entries: Sequence[FileEntry]) -> None:
    """Raise SnapshotError unless all files are there with the sizes of their entries, as they are now."""
    if isinstance(output, Path):
        for entry in entries:
            check_size(output, entry)
    else:
        output.check_sizes(entries)


def check_size(output: Output, entry: FileEntry) -> None:
    """Raise SnapshotError unless the file is there with the size of its entry."""
    if not isinstance(output, Path):
        output.check_size(entry)
        return
    path = join_path(output, entry.path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None
    if size != entry.bytes:
        raise SnapshotError(f"{path}: has {size} bytes, the manifest says {entry.bytes}")


def check_file(output: Output, entry: FileEntry) -> None:
    """Raise SnapshotError unless the file is there with the size and checksum of its entry."""
    if not isinstance(output, Path):
        output.check_file(entry)
        return
    path = join_path(output, entry.path)
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if size != entry.bytes:
                raise SnapshotError(f"{path}: has {size} bytes, the manifest says {entry.bytes}")
            checksum = Checksum(entry.checksum)
            room = bytearray(_PIECE)
            while read := file.readinto(room):
                checksum.update(memoryview(room)[:read])
            if checksum.text() != entry.checksum:
                raise SnapshotError(f"{path}: its checksum is not the manifest's")
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None

"""The data files of a snapshot, as its manifest lists them."""

from dataclasses import dataclass
from typing import ClassVar

from lookalike.errors import SnapshotError
from lookalike.outputs.checksums import is_checksum
from lookalike.outputs.layout import parse_data_path
from lookalike.tables.schemas import TABLE_OF


@dataclass(frozen=True)
class FileEntry:
    """One data file of a snapshot, as the manifest lists it.

    path: relative to the output folder, not to the snapshot's, because a snapshot may name files of
    an earlier one. bytes: size on disk. checksum: of the file's bytes, see checksums.py. replaces: of
    an overlay, how many of its rows stand instead of others.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # for the manifest

    path: str
    table: str
    bucket: int | None
    rows: int
    bytes: int
    checksum: str
    replaces: int = 0

    def __post_init__(self) -> None:
        """Refuse an entry whose path is unsafe or contradicts the rest."""
        parts = parse_data_path(self.path)
        if (parts.table, parts.bucket) != (self.table, self.bucket):
            raise SnapshotError(f"{self.path}: is not of table {self.table!r}, bucket {self.bucket}")
        if self.rows < 0 or self.bytes < 1:
            raise SnapshotError(f"{self.path}: {self.rows} rows in {self.bytes} bytes")
        if not 0 <= self.replaces <= (self.rows if self.table in TABLE_OF else 0):
            raise SnapshotError(f"{self.path}: {self.replaces} of its rows cannot stand instead of others")
        if not is_checksum(self.checksum):
            raise SnapshotError(f"{self.path}: not a checksum: {self.checksum[:80]!r}")

    @property
    def snapshot(self) -> str:
        """The id of the snapshot in whose folder the file is."""
        return parse_data_path(self.path).snapshot

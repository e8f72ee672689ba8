"""The data files of a snapshot, as its manifest lists them."""

from dataclasses import dataclass
from typing import ClassVar

from lookalike.errors import SnapshotError
from lookalike.outputs.checksums import is_checksum
from lookalike.outputs.layout import parse_data_path
from lookalike.tables import TABLES


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
        """The id of the snapshot in whose folder the file is."""
        return parse_data_path(self.path).snapshot

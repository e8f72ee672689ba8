"""What only Spark can read, as files of the format SPARK: Parquet copies of the columns that the job needs.

Spark knows tables of a catalogue and formats that the job does not. Tasks copy the rows (jobs/spark/tables.py), and
from there on they are read like those of a file that has the name of the table. Where the user names a column that
tells new rows from old ones, the rows with each value of it are a file, a partition.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from jobs.inputs.columns import positions
from jobs.inputs.files import completed, with_separators
from jobs.inputs.formats.format import Head
from jobs.inputs.formats.parquet import of_schema
from jobs.inputs.presets.registry import preset_of_columns
from jobs.inputs.reading import Reading
from jobs.inputs.stores.store import FileStatus
from jobs.inputs.tables import SPARK, Copy, InputFile, Table

_HASHES = 1 << 64


class Identity(NamedTuple):
    """What tells whether rows are still the same, in whatever order they come.

    rows: how many. checksum: the sum of a 64-bit hash of the columns of each, modulo 2^64.
    """

    rows: int
    checksum: int

    @classmethod
    def of(cls, parts: Iterable[Identity]) -> Identity:
        """Of the rows of all parts."""
        found = list(parts)
        return cls(sum(one.rows for one in found), sum(one.checksum for one in found) % _HASHES)

    @property
    def version(self) -> str:
        """As the manifest has it."""
        return f"{self.rows}-{self.checksum:016x}"


class Copied(NamedTuple):
    """Rows of a partition that a task has copied. value: of the partition, as text. task: of Spark."""

    value: str | None
    task: int
    copy: Copy
    identity: Identity


class Recorded(NamedTuple):
    """Rows as an earlier run has recorded them. bytes: of their copies."""

    version: str
    bytes: int
    separator: str | None


@dataclasses.dataclass(frozen=True)
class Source:
    """What Spark reads, in the user's words, and which of its columns are copied.

    columns: their places in it, ascending. reading: as asked for, with the names of the preset. partition: the column
    that the user has named, None for none.
    """

    name: str
    table: Table
    columns: tuple[int, ...]
    reading: Reading
    partition: str | None
    _head: Head

    @classmethod
    def of(
        cls, name: str, table: Table, names: Sequence[str], reading: Reading, partition: str | None = None
    ) -> Source:
        """names: of all its columns. Raises UsageError if a column is missing or there twice."""
        head = Head(name, FileStatus(0, 0), None, reading, format=SPARK)
        head = head.of_preset(preset_of_columns(names), table)
        found = positions(name, table, names, head.reading)
        columns = tuple(sorted({place for place in found if place >= 0}))
        return cls(name, table, columns, head.reading, partition, head)

    def file(self, schema: pa.Schema) -> InputFile:
        """What its partitions share. schema: of the columns that are copied. Raises UsageError as Parquet.examine."""
        file = dataclasses.replace(self._head.file(), path=self.name)
        return completed(of_schema(file, self.table, schema, self.reading), self.table, self.reading)

    def path(self, value: str | None) -> str:
        """The name of a partition, or of the whole where there are none."""
        if self.partition is None:
            return self.name
        return f"{self.name}/{self.partition}" + (" is null" if value is None else f"={value}")

    def has(self, path: str) -> bool:
        """Whether it is the path of a partition, which need not be there any more."""
        if self.partition is None:
            return path == self.name
        return path == self.path(None) or path.startswith(self.path(""))

    def files(
        self, file: InputFile, copied: Iterable[Copied], unread: Mapping[str, Recorded]
    ) -> tuple[InputFile, ...]:
        """All partitions as files. unread: by path those that were not copied, as the live snapshot has them."""
        by_value: dict[str | None, list[Copied]] = {} if self.partition or unread else {None: []}
        for one in sorted(copied, key=lambda one: (one.task, one.copy.path)):
            by_value.setdefault(one.value, []).append(one)
        read = [_of_copies(file, self.path(value), parts) for value, parts in by_value.items()]
        known = [
            dataclasses.replace(
                file, path=path, size=of.bytes, version=of.version, separator=of.separator, unread=True
            )
            for path, of in unread.items()
        ]
        files = (*with_separators(read, self.table, self.reading), *known)
        return tuple(sorted(files, key=lambda one: one.path))


def _of_copies(file: InputFile, path: str, parts: Sequence[Copied]) -> InputFile:
    copies = tuple(part.copy for part in parts)
    return dataclasses.replace(
        file,
        path=path,
        size=sum(copy.status.size for copy in copies),
        version=Identity.of(part.identity for part in parts).version,
        copies=copies,
        groups=tuple(size for copy in copies for size in copy.groups),
    )

"""Rows that only Spark can read, as Parquet files that tasks read: a copy of the columns that the job needs.

Spark knows tables of a catalogue and formats that the job does not. A task copies the rows of a partition
(jobs/spark/tables.py). From there on a copy is a Parquet file whose rows are called those of the table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa

from jobs.inputs.columns import positions
from jobs.inputs.files import completed, with_separators
from jobs.inputs.formats.format import Head
from jobs.inputs.formats.parquet import of_schema
from jobs.inputs.presets.registry import preset_of_columns
from jobs.inputs.reading import Reading
from jobs.inputs.stores.store import FileStatus
from jobs.inputs.streams import file_status
from jobs.inputs.tables import InputFile, Table


class Copy(NamedTuple):
    """A file of a copy. partition: of Spark's, whose rows it holds. groups: bytes of each group of rows."""

    partition: int
    path: str
    groups: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Source:
    """What Spark reads, in the user's words, and which of its columns are copied.

    columns: their places in it, ascending. reading: as asked for, with the names of the preset.
    """

    name: str
    table: Table
    columns: tuple[int, ...]
    reading: Reading
    _head: Head

    @classmethod
    def of(cls, name: str, table: Table, names: Sequence[str], reading: Reading) -> Source:
        """names: of all its columns. Raises UsageError if a column is missing or there twice."""
        head = Head(name, FileStatus(0, 0), None, reading, format="parquet")
        head = head.of_preset(preset_of_columns(names), table)
        found = positions(name, table, names, head.reading)
        return cls(name, table, tuple(sorted({place for place in found if place >= 0})), head.reading, head)

    def file(self, schema: pa.Schema) -> InputFile:
        """What its copies have in common. schema: of the columns that are copied. UsageError as Parquet.examine."""
        file = dataclasses.replace(self._head.file(), path=self.name)
        return completed(of_schema(file, self.table, schema, self.reading), self.table, self.reading)

    def files(self, file: InputFile, copies: Iterable[Copy]) -> tuple[InputFile, ...]:
        """The copies as files, in the order of Spark's partitions."""
        return with_separators([_of_copy(file, copy) for copy in sorted(copies)], self.table, self.reading)


def _of_copy(file: InputFile, copy: Copy) -> InputFile:
    size, modified_ns, _ = file_status(copy.path)
    return dataclasses.replace(file, copy=copy.path, size=size, modified_ns=modified_ns, groups=copy.groups)

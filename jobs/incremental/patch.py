"""What changes of a sorted table of the base: rows that go, and rows that come."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.incremental.base import Base
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import row_groups, write_table
from lookalike.tables import GENERATION

_MOST_NEWER = 0.125  # rows of newer generations by those of the oldest, from which on they become one


@dataclasses.dataclass(frozen=True)
class Patch:
    """What changes of a table in a bucket.

    removed: int64[], ascending, numbers of rows that go. rows: the n that come, in the table's order. before:
    int64[n] ascending, for each of these the number of the row that it comes before.
    """

    removed: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    rows: pa.Table

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(len(self.removed)) or bool(len(self.before))

    def order(self, rows: int) -> npt.NDArray[np.int64]:
        """int64[]: the table's rows as they then follow each other; those that come are numbered from `rows` on."""
        kept = np.delete(np.arange(rows), self.removed)
        return np.insert(kept, np.searchsorted(kept, self.before), np.arange(len(self.before)) + rows)

    def applied(self, old: pa.Table) -> Iterator[pa.Table]:
        """The table as it is then, a row group at a time. old: its rows before."""
        order = self.order(len(old))
        both = pa.concat_tables([old, self.rows]).combine_chunks()
        return (both.take(pa.array(order[part])) for part in row_groups(len(order)))


@dataclasses.dataclass(frozen=True)
class Patcher:
    """Writes the tables of a snapshot as those of a base with patches.

    generation: of the new snapshot. max_generations: that a table may have in a bucket, in some buckets down to half
    of it, so that not all are merged in one run.
    """

    output: OutputPlace
    snapshot: str
    base: Base
    generation: int
    max_generations: int

    def write(self, patch: Patch, table: str, bucket: int, old: pa.Table | None = None) -> list[FileEntry]:
        """The files of a table without generations as it is then; the base's if nothing changes.

        old: the table's rows, if they have been read.
        """
        if not patch:
            return self.base.named(table, bucket)
        return self.write_rows(table, bucket, patch.applied(self.base.read(table, bucket) if old is None else old))

    def write_rows(self, table: str, bucket: int, pieces: Iterator[pa.Table | pa.RecordBatch]) -> list[FileEntry]:
        """The file of a table that is written whole."""
        return [write_table(self.output, data_path(self.snapshot, table, bucket=bucket), pieces)]

    def add(self, rows: pa.Table, replaces: int, table: str, bucket: int) -> list[FileEntry]:
        """The base's files of a table with generations and one of newer rows, if there are any.

        replaces: of the rows, how many have a key that the base has.
        """
        if not len(rows):
            return self.base.named(table, bucket)
        (written,) = self.write_rows(table, bucket, iter([rows]))
        newer = dataclasses.replace(written, generation=self.generation, replaces=replaces)
        return [newer, *self.base.named(table, bucket)]

    def merge(self, patch: Patch, old: pa.Table, table: str, bucket: int) -> list[FileEntry]:
        """The file of a table with generations in which all rows that count are of one. old: those of the base."""
        return self.write_rows(table, bucket, (self._of_generation(rows) for rows in patch.applied(old)))

    def merges(self, table: str, bucket: int, new_rows: int) -> bool:
        """Whether a table with generations is better written as one than given another of so many rows."""
        entries = self.base.entries(table, bucket)
        generations = len({entry.generation for entry in entries})
        if not entries or not new_rows:
            return generations > self.max_generations == 1  # then a table has one generation after every run
        oldest = min(entry.generation for entry in entries)
        rows = sum(entry.rows for entry in entries if entry.generation == oldest)
        newer = sum(entry.rows for entry in entries) - rows + new_rows
        share = (8 + (bucket + bucket // 8) % 8) / 15  # not the same in each bucket, nor in those of one task
        most = max(min(2, self.max_generations), int(self.max_generations * share))
        return generations >= most or newer > _MOST_NEWER * share * rows

    def _of_generation(self, rows: pa.Table) -> pa.Table:
        column = pa.array(np.full(len(rows), self.generation, np.int32))
        return rows.set_column(rows.schema.get_field_index(GENERATION.name), GENERATION.field, column)

"""A data file made of another one with some rows taken out and others put in, without decoding those that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.datafiles import ROW_GROUP_ROWS, OutputFile, conform
from lookalike.snapshots.oldfiles import opened, read_group
from lookalike.snapshots.overlay import rows_before
from lookalike.snapshots.parquet.chunks import Values
from lookalike.snapshots.parquet.columns import from_table, no_values
from lookalike.snapshots.parquet.memory import Bytes
from lookalike.snapshots.parquet.runs import cut_runs, plan_runs
from lookalike.snapshots.parquet.writer import FileWriter
from lookalike.strings.copying import ROOM
from lookalike.strings.values import frozen
from lookalike.tables.encodings import table_columns, table_sorting
from lookalike.tables.schemas import SCHEMAS

Rows = npt.NDArray[np.int64]
RowsBetween = Callable[[int, int], pa.Table]

# Row groups are changed several at a time, so that few tables are made of the few rows that come and go in each: as
# many as have so many bytes, by which memory is bounded, and by the rows that come there.
_BATCH_BYTES: Final = 3 << 20


def splice_table(
    output: Path,
    path: str,
    old: Sequence[FileEntry],
    removed: Rows,
    before: Rows,
    rows_between: RowsBetween,
    row_group_rows: int = ROW_GROUP_ROWS,
) -> FileEntry:
    """Write one data file of the rows of old ones, which follow each other in the table's order, with changes.

    removed: int64[], ascending, each once: the numbers of the rows that go, counted over all old files. before:
    int64[n], ascending: for each of the n rows that come the number of the row that it stands before, the number of
    all rows for those behind the last. rows_between makes some of those that come, given the first of them and the
    one after the last. Row groups grow and shrink; one that has grown to twice row_group_rows is divided.
    Raises SnapshotError if an old file is damaged, or if what rows_between makes does not fit.
    """
    with OutputFile(output, path) as file:
        table = file.parts.table
        writer = FileWriter(file.sink, table_columns(table), table_sorting(table))
        old_rows = sum(entry.rows for entry in old)
        splice = _Splice(writer, path, SCHEMAS[table], old_rows, removed, before, rows_between, row_group_rows)
        for batch in _batches(output, old, writer):
            splice.write(batch)
        if not old_rows:
            splice.write_first()
        writer.close()
        return file.finish(splice.rows)


@dataclass(frozen=True)
class _Group:
    """A row group as it was: the numbers of its first row and of the one after its last, and its columns."""

    first: int
    end: int
    values: Sequence[Values]


class _Splice:
    def __init__(
        self,
        writer: FileWriter,
        what: str,
        schema: pa.Schema,
        old_rows: int,
        removed: Rows,
        before: Rows,
        rows_between: RowsBetween,
        row_group_rows: int,
    ) -> None:
        self._writer, self._what, self._schema = writer, what, schema
        self._removed, self._before, self._rows_between = removed, before, rows_between
        self._row_group_rows = row_group_rows
        self._old_rows = old_rows
        self.rows = 0
        if len(removed) and removed[-1] >= old_rows:
            raise SnapshotError(f"{what}: row {removed[-1]} is to go, and there are {old_rows}")
        if len(before) and before[-1] > old_rows:
            raise SnapshotError(f"{what}: a row is to come before row {before[-1]}, and there are {old_rows}")

    def write(self, batch: list[_Group]) -> None:
        """Write row groups that follow each other and those written before, with what changes in them."""
        gone = [self._gone(group) for group in batch]
        first, last = self._coming(batch[0].first, batch[-1].end)
        new = self._new(first, last)
        for group, rows in zip(batch, gone, strict=True):
            here = slice(*self._coming(group.first, group.end))
            # Places in the row group, and places among the new rows of the batch.
            runs = plan_runs(group.end - group.first, frozen(rows), frozen(self._before[here] - group.first))
            runs[runs[:, 0] == 1, 1:] += here.start - first
            self._write_runs(group.values, new, runs)

    def write_first(self) -> None:
        """Write the rows that come where there were none."""
        count = len(self._before)
        new = self._new(0, count)
        empty = [no_values(column) for column in self._writer.columns]
        self._write_runs(empty, new, np.array([[1, 0, count]], np.int64))

    def _coming(self, start: int, end: int) -> tuple[int, int]:
        """Which rows come before rows start to end; those behind the last of all join the last row group."""
        return rows_before(self._before, start, end, self._old_rows)

    def _gone(self, group: _Group) -> Rows:
        part = slice(*map(int, np.searchsorted(self._removed, [group.first, group.end])))
        return self._removed[part] - group.first

    def _new(self, first: int, last: int) -> list[Values]:
        if first == last:
            return [no_values(column) for column in self._writer.columns]
        table = self._rows_between(first, last)
        if table.num_rows != last - first:
            raise SnapshotError(f"{self._what}: {table.num_rows} rows come where {last - first} were to")
        return from_table(self._writer.columns, conform(table, self._schema, self._what))

    def _write_runs(self, old: Sequence[Values], new: Sequence[Values], runs: npt.NDArray[np.int64]) -> None:
        rows = int((runs[:, 2] - runs[:, 1]).sum())
        parts = max(1, rows // self._row_group_rows)
        for part in range(parts if rows else 0):
            start, end = rows * part // parts, rows * (part + 1) // parts
            self._writer.write_runs(old, new, frozen(cut_runs(runs, start, end)))
        self.rows += rows


def _batches(output: Path, old: Sequence[FileEntry], writer: FileWriter) -> Iterator[list[_Group]]:
    """The row groups of the files, numbered through, some at a time."""
    batch: list[_Group] = []
    rooms: list[Bytes] = []  # kept from batch to batch: fresh memory would cost as much as filling it does
    size = first = 0
    for entry in old:
        with opened(output, entry, writer.columns) as file:
            for number, group in enumerate(file.groups):
                if not group.rows:  # as Arrow writes an empty table
                    continue
                if len(rooms) == len(batch):
                    rooms.append(np.empty(0, np.uint8))
                if len(rooms[len(batch)]) < group.bytes + ROOM:
                    rooms[len(batch)] = np.empty(group.bytes + group.bytes // 8 + ROOM, np.uint8)
                values = read_group(file, number, rooms[len(batch)], entry)
                batch.append(_Group(first, first + group.rows, values))
                first += group.rows
                size += group.bytes
                if size >= _BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
    if batch:
        yield batch

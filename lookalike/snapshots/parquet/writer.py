"""A Parquet file written a row group at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa

from lookalike.snapshots.parquet.chunks import Encoder, RowGroup, Values
from lookalike.snapshots.parquet.columns import Column, from_table, no_values
from lookalike.snapshots.parquet.footer import MAGIC, PlacedGroup, footer
from lookalike.snapshots.parquet.runs import Runs, all_rows


class Sink(Protocol):
    """What a file is written to."""

    def write(self, data: Any) -> int:
        """Take all of the bytes."""


class FileWriter:
    """Writes row groups and then, by `close`, the footer."""

    def __init__(self, sink: Sink, columns: Sequence[Column], sorting: Sequence[tuple[int, bool]]) -> None:
        """sorting: number of a column and "descending", what the rows are sorted by."""
        self._sink, self.columns, self._sorting = sink, columns, sorting
        self._encoder = Encoder(columns)
        self._groups: list[PlacedGroup] = []
        self._empty = [no_values(column) for column in columns]
        self._offset = sink.write(MAGIC)

    def write_table(self, table: pa.Table) -> None:
        """Write a row group of at least one row. The table has the columns' types."""
        self.write_runs(from_table(self.columns, table), self._empty, all_rows(table.num_rows))

    def write_runs(self, old: Sequence[Values], new: Sequence[Values], runs: Runs) -> None:
        """Write a row group of runs of two lists of columns, see runs.py; at least one row."""
        self._write(self._encoder.encode(old, new, runs))

    def close(self) -> None:
        """Write the footer."""
        self._sink.write(footer(self.columns, self._sorting, self._groups))

    def _write(self, group: RowGroup) -> None:
        self._groups.append(PlacedGroup(self._offset, group.rows, group.chunks))
        self._offset += self._sink.write(group.data)

"""One Parquet file of a snapshot: its footer, checked once, and its row groups, read when asked for."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.tables import GENERATION, TABLES

_AT_ONCE = 64  # row groups whose keys are read together


class DataFile:
    """One Parquet file of a snapshot: its footer, and for each row group the least and greatest key."""

    def __init__(self, output: Output, entry: FileEntry) -> None:
        """Read the footer and hold it against the manifest's entry."""
        self.entry, self.table = entry, TABLES[entry.table]
        self.path = output.name(entry.path)
        self._output = output
        self.bounds: list[tuple[bytes, bytes]] = []
        self._footer: pq.FileMetaData | None = None
        with self._open() as file:
            footer = file.metadata
            self.table.check(file.schema_arrow, str(self.path))
            self._rows = [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]
            if not footer.num_rows == entry.rows == sum(self._rows):
                raise SnapshotError(f"{self.path}: has {footer.num_rows} rows, the manifest says {entry.rows}")
            if self.table.generations:
                _check_generation(footer, entry, self.path)
            if self.table.has_look_ups:
                self.bounds = [_bounds(file, group) for group in range(footer.num_row_groups)]
        self._footer = footer

    def read(self, group: int, columns: list[str] | None = None) -> pa.Table:
        """Decode one row group."""
        return self.read_groups([group], columns)

    def read_all(self, columns: list[str] | None = None) -> pa.Table:
        """Decode some columns of all row groups."""
        return self.read_groups(range(len(self._rows)), columns)

    def take(self, columns: list[str], rows: npt.NDArray[np.int64]) -> pa.Table:
        """Some columns of some rows: int64[], ascending. Row groups that have none of them are not read."""
        edges = np.searchsorted(rows, np.cumsum([0, *self._rows]))
        groups = np.flatnonzero(np.diff(edges)).tolist()
        kept = np.array([self._rows[group] for group in groups], np.int64)
        first = np.repeat(np.cumsum([0, *self._rows])[groups], np.diff(edges)[groups])  # of each row's group
        place = np.repeat(np.cumsum(kept) - kept, np.diff(edges)[groups])
        return self.read_groups(groups, columns).take(pa.array(rows - first + place))

    def read_groups(self, groups: Sequence[int], columns: list[str] | None = None) -> pa.Table:
        """Decode some row groups."""
        if not groups:
            return self.table.part(columns or self.table.names).empty_table()
        with self._open(groups, columns) as file:
            found = file.read_row_groups(list(groups), columns=columns, use_threads=False)
        expected = sum(self._rows[group] for group in groups)
        if found.num_rows != expected:
            raise SnapshotError(f"{self.path}: is damaged: {found.num_rows} rows where {expected} should be")
        return found

    def key_runs(self) -> Iterator[tuple[pa.StringArray, npt.NDArray[np.int64]]]:
        """The key of each run of rows that share it, and the rows in each, int64[], in pieces of some row groups.

        Without decoding each row's; a run may go on in the next piece.
        """
        name = self.table.names[0]
        for first in range(0, len(self.bounds), _AT_ONCE):
            groups = list(range(first, min(first + _AT_ONCE, len(self.bounds))))
            with self._open(groups, [name], encoded=True) as file:
                keys = file.read_row_groups(groups, columns=[name], use_threads=False).column(0)
            for piece in keys.chunks:
                yield runs_of(piece)

    def group_rows(self) -> list[int]:
        """Rows of each row group."""
        return list(self._rows)

    def in_footer(self, key: bytes) -> bytes | None:
        """A value that was added to the footer (see write_table); None if there is none."""
        value: bytes | None = (self._checked_footer().metadata or {}).get(key)
        return value

    def ranges(self, column: str) -> list[tuple[Any, Any]]:
        """Of each row group the least and greatest value of a column that has statistics."""
        footer = self._checked_footer()
        place = self.table.names.index(column)
        groups = (footer.row_group(group) for group in range(footer.num_row_groups))
        found = [group.column(place).statistics for group in groups]
        return [(statistics.min, statistics.max) for statistics in found]

    def _checked_footer(self) -> pq.FileMetaData:
        if self._footer is None:
            raise RuntimeError(f"{self.path}: its footer has not been read")
        return self._footer

    def _open(
        self, groups: Sequence[int] | None = None, columns: list[str] | None = None, *, encoded: bool = False
    ) -> AbstractContextManager[Any]:
        """The file, of which these row groups and columns will be read, or the footer.

        encoded: whether the columns, of strings, are to be read as a dictionary and the places in it.
        """
        return self._output.open_file(self.entry, self._footer, groups, columns, encoded=encoded)


def runs_of(keys: pa.StringArray | pa.DictionaryArray) -> tuple[pa.StringArray, npt.NDArray[np.int64]]:
    """The key of each run of equal ones, and how many these are, int64[]."""
    encoded = keys if isinstance(keys, pa.DictionaryArray) else keys.dictionary_encode()
    runs = pc.run_end_encode(encoded.indices)
    counts = np.diff(runs.run_ends.to_numpy().astype(np.int64), prepend=0)
    return encoded.dictionary.take(runs.values), counts


def _check_generation(footer: pq.FileMetaData, entry: FileEntry, path: str) -> None:
    """Raise SnapshotError if the rows say that they are of another generation: older ones would count."""
    place = TABLES[entry.table].names.index(GENERATION.name)
    for group in range(footer.num_row_groups):
        said = footer.row_group(group).column(place).statistics
        if said is not None and not said.min == said.max == entry.generation:
            raise SnapshotError(f"{path}: rows of another generation than its own")


def _bounds(file: Any, group: int) -> tuple[bytes, bytes]:
    statistics = file.metadata.row_group(group).column(0).statistics
    if statistics is not None and statistics.has_min_max:
        return statistics.min_raw, statistics.max_raw
    name = file.schema_arrow.names[0]
    keys = file.read_row_group(group, columns=[name], use_threads=False).column(0)
    return keys[0].as_buffer().to_pybytes(), keys[-1].as_buffer().to_pybytes()

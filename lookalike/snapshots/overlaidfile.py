"""A data file under an overlay, read as if the rows of both stood in it."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.snapshots.openfiles import DataFile
from lookalike.snapshots.overlay import Overlay
from lookalike.snapshots.requirements import ascending
from lookalike.tables.schemas import SCHEMAS


class LaidRows:
    """The rows of an overlay. Memory: 9 bytes a row."""

    def __init__(self, file: DataFile, overlay: Overlay) -> None:
        """file: the overlay's own; overlay: where its rows stand."""
        self.path, self.overlay = file.path, overlay
        self._file = file
        self._key = SCHEMAS[file.entry.table].names[0]
        self._starts = [0, *np.cumsum(np.array(file.group_rows(), np.int64)).tolist()]

    @classmethod
    def open(cls, output: Output, entry: FileEntry, rows: int) -> tuple[Self, pa.StringArray]:
        """Read where they stand, and their keys. rows: that the table's files have.

        Raises SnapshotError if they cannot stand there.
        """
        file = DataFile(output, entry)
        found = file.read_all([SCHEMAS[entry.table].names[0], "before", "instead"])
        keys, before, instead = (column.combine_chunks() for column in found.columns)
        if not ascending(keys, each_once=False):
            raise SnapshotError(f"{file.path}: its keys are not in order")
        try:
            overlay = Overlay(before.to_numpy(), instead.to_numpy(zero_copy_only=False), rows)
        except ValueError as error:
            raise SnapshotError(f"{file.path}: {error}") from None
        replaced = len(overlay.replaced)
        if replaced != entry.replaces:
            raise SnapshotError(f"{file.path}: replaces {replaced} rows, the manifest says {entry.replaces}")
        return cls(file, overlay), keys

    def read(self, start: int, end: int, columns: list[str]) -> pa.Table:
        """Some columns of rows start to end."""
        first = bisect.bisect_right(self._starts, start) - 1
        groups = range(first, bisect.bisect_left(self._starts, end))
        return self._file.read_stored(groups, columns).slice(start - self._starts[first], end - start)

    def keys(self, start: int, end: int) -> pa.StringArray:
        """The keys of rows start to end."""
        return self.read(start, end, [self._key])[self._key].combine_chunks()


class OverlaidFile(DataFile):
    """A DataFile whose row groups have the rows of the overlay in their places."""

    def __init__(self, output: Output, entry: FileEntry, laid: LaidRows, keys: pa.StringArray, first: int) -> None:
        """keys: of all laid rows. first: the file's first row, counted over all files of its table and bucket."""
        super().__init__(output, entry)
        self._laid = laid
        sizes = super().group_rows()
        self._starts = [first, *(first + np.cumsum(np.array(sizes, np.int64))).tolist()]
        for group, (least, greatest) in enumerate(self.bounds):
            start, end = self._laid_over(group)
            if start < end:
                low, high = (keys[row].as_buffer().to_pybytes() for row in (start, end - 1))
                self.bounds[group] = min(least, low), max(greatest, high)

    def _laid_over(self, group: int) -> tuple[int, int]:
        return self._laid.overlay.between(self._starts[group], self._starts[group + 1])

    def read(self, group: int, columns: list[str] | None = None) -> pa.Table:
        """Decode one row group, and what of the overlay stands there."""
        return self._merged(super().read(group, columns), self._starts[group], self._starts[group + 1])

    def group_rows(self) -> list[int]:
        """Rows of each row group, those of the overlay among them."""
        overlay = self._laid.overlay
        found = []
        for group, rows in enumerate(super().group_rows()):
            first, last = self._laid_over(group)
            found.append(rows + last - first - int(np.count_nonzero(overlay.instead[first:last])))
        return found

    def read_all(self, columns: list[str]) -> pa.Table:
        """Decode some columns of all rows."""
        return self._merged(super().read_all(columns), self._starts[0], self._starts[-1])

    def _merged(self, rows: pa.Table, start: int, end: int) -> pa.Table:
        """Rows start to end of the files with what of the overlay stands there."""
        first, last = self._laid.overlay.between(start, end)
        if first == last:
            return rows
        more = self._laid.read(first, last, rows.column_names)
        order = pa.array(self._laid.overlay.order(start, end))
        return pa.concat_tables([rows, more]).combine_chunks().take(order)

    def key_runs(self, *, checked: bool = False) -> Iterator[tuple[pa.StringArray, npt.NDArray[np.int64]]]:
        """As of a DataFile, all at once.

        Raises SnapshotError if a row of the overlay stands instead of one with another key, or among such.
        """
        pieces = list(super().key_runs(checked=checked))
        keys = pa.concat_arrays([found for found, _ in pieces])
        counts = np.concatenate([rows for _, rows in pieces])
        overlay, start, end = self._laid.overlay, self._starts[0], self._starts[-1]
        first, last = overlay.between(start, end)
        before, instead = overlay.before[first:last], overlay.instead[first:last]
        more = self._laid.keys(first, last)
        begins = start + np.cumsum(counts) - counts
        own = np.searchsorted(begins, before, side="right") - 1  # the run of the row that each stands before
        is_edge = (before == begins[own]) | (before == end)
        last_before = np.where(before == begins[own], np.maximum(own - 1, 0), own)
        joins_own, joins_last = (_equal(keys, run, more) for run in (own, last_before))
        if not (joins_own[instead].all() and (is_edge | joins_own).all()):
            raise SnapshotError(f"{self._laid.path}: a row stands among those of another key")
        comes = ~instead
        np.add.at(counts, own[comes & joins_own], 1)
        np.add.at(counts, last_before[comes & joins_last & ~joins_own], 1)
        alone = np.flatnonzero(comes & ~joins_own & ~joins_last)
        at = np.searchsorted(begins, before[alone])
        order = np.insert(np.arange(len(keys)), at, len(keys) + alone)
        if len(alone):
            keys = pa.concat_arrays([keys, more]).take(pa.array(order))
        yield keys, np.insert(counts, at, 1)


def _equal(keys: pa.StringArray, places: npt.NDArray[np.int64], others: pa.StringArray) -> npt.NDArray[np.bool_]:
    """bool[len(others)]: whether the key at each place is the other one."""
    return pc.equal(keys.take(pa.array(places)), others).to_numpy(zero_copy_only=False)


def overlaid_files(
    output: Output, entries: Sequence[FileEntry], overlay: Sequence[FileEntry]
) -> tuple[list[DataFile], Overlay | None]:
    """The files of a table in a bucket under its overlay, and this; None without one. overlay: at most one file."""
    entries = [entry for entry in entries if entry.rows]
    if not overlay:
        return [DataFile(output, entry) for entry in entries], None
    if len(overlay) > 1:
        raise SnapshotError(f"{overlay[1].path}: is a second overlay")
    if not entries:
        raise SnapshotError(f"{overlay[0].path}: lies over nothing")
    laid, keys = LaidRows.open(output, overlay[0], sum(entry.rows for entry in entries))
    files: list[DataFile] = []
    first = 0
    for entry in entries:
        files.append(OverlaidFile(output, entry, laid, keys, first))
        first += entry.rows
    return files, laid.overlay

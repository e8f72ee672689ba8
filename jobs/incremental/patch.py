"""What changes of a sorted table of the base: rows that go, and rows that come."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.incremental.base import Base
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.snapshots.datafiles import ROW_GROUP_ROWS
from lookalike.snapshots.overlay import Overlay
from lookalike.snapshots.splicing import splice_table
from lookalike.tables.schemas import OVERLAYS, SCHEMAS

_OVERLAY_GROUP_ROWS = 4096  # of an overlay, which is read in the pieces that lie over a row group of the table


@dataclasses.dataclass(frozen=True)
class Patch:
    """What changes of a table in a bucket: n rows come, in the table's order.

    removed: int64[], ascending numbers of rows that go. before: int64[n] ascending, for each row that comes the
    number of the row of the base that it stands before. rows_between: makes some of those that come, given the first
    of them and the one after the last.
    """

    removed: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    rows_between: Callable[[int, int], pa.Table]

    @classmethod
    def of(cls, removed: npt.NDArray[np.int64], before: npt.NDArray[np.int64], inserted: pa.Table) -> Patch:
        """A patch whose rows are there already."""
        return cls(removed, before, lambda first, last: inserted.slice(first, last - first))

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(len(self.removed)) or bool(len(self.before))

    def order(self, rows: int) -> npt.NDArray[np.int64]:
        """int64[]: the table's rows as they then follow each other; those that come are numbered from `rows` on."""
        kept = np.delete(np.arange(rows), self.removed)
        return np.insert(kept, np.searchsorted(kept, self.before), np.arange(len(self.before)) + rows)

    def places(self, old: npt.NDArray[np.uint32], inserted: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """The same done to one value of each row: old, of the base's rows; inserted uint32[n]."""
        return np.concatenate([old, inserted])[self.order(len(old))]


@dataclasses.dataclass(frozen=True)
class Patcher:
    """Writes the tables of a snapshot as those of a base with patches.

    max_overlay_fraction: what a table's overlay may have of the rows of the files below, in some buckets; in others
    down to half of it.
    """

    output: Path
    snapshot: str
    base: Base
    max_overlay_fraction: float

    def write(self, patch: Patch, table: str, bucket: int) -> list[FileEntry]:
        """The files of the table as it is then, and its overlay if it keeps one; the base's if nothing changes."""
        files, old = self.base.files(table, bucket)
        most = self._most(bucket, old.rows)
        if not patch and len(old) <= most:
            return self.base.entries(table, bucket)
        if table not in OVERLAYS or (not len(old) and len(patch.before) > most):
            return [self._spliced(files, table, bucket, patch)]
        new, gone, at = old.patched(patch.removed, patch.before)
        over = Patch(gone, at, patch.rows_between)
        if len(new) <= most:
            return [*files, self._laid(over, old, new, table, bucket)]
        rows = [patch.rows_between(0, len(at))]
        if len(old):
            rows = [self.base.taken_over(table, bucket, SCHEMAS[table].names, np.arange(len(old))), *rows]
        rows_over = pa.concat_tables(rows).combine_chunks().take(pa.array(over.order(len(old))))
        return [self._spliced(files, table, bucket, Patch.of(new.replaced, new.before, rows_over))]

    def _most(self, bucket: int, rows: int) -> float:
        """Rows of an overlay.

        Not the same share of each bucket, so that not all are made anew in one run, nor those that are by one task.
        """
        return self.max_overlay_fraction * rows * (8 + (bucket + bucket // 8) % 8) / 15

    def _laid(self, over: Patch, old: Overlay, new: Overlay, table: str, bucket: int) -> FileEntry:
        """The old overlay, a table of its own, with what changes of it."""
        name = OVERLAYS[table]
        comes = over.order(len(old)) >= len(old)
        before, instead = new.before[comes], new.instead[comes]

        def rows_between(first: int, last: int) -> pa.Table:
            columns = over.rows_between(first, last).columns
            places = pa.array(before[first:last]), pa.array(instead[first:last])
            return pa.table([*columns, *places], schema=SCHEMAS[name])

        patch = dataclasses.replace(over, rows_between=rows_between)
        entry = self._spliced(self.base.laid(table, bucket), name, bucket, patch, _OVERLAY_GROUP_ROWS)
        return dataclasses.replace(entry, replaces=len(new.replaced))

    def _spliced(
        self, files: list[FileEntry], table: str, bucket: int, patch: Patch, group_rows: int = ROW_GROUP_ROWS
    ) -> FileEntry:
        path = data_path(self.snapshot, table, bucket=bucket)
        change = patch.removed, patch.before, patch.rows_between
        return splice_table(self.output, path, files, *change, group_rows)

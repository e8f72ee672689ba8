"""What changes of a sorted table of the base: rows that go, and rows that come."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.increments.base import Base
from jobs.snapshots.datafiles import write_table
from jobs.snapshots.entries import FileEntry
from jobs.snapshots.layout import data_path
from jobs.snapshots.overlay import Overlay
from jobs.snapshots.schemas import OVERLAYS, SCHEMAS
from jobs.snapshots.splicing import splice_table

_OVERLAY_GROUP_ROWS = 1024  # of an overlay, which is read in the pieces that lie over a row group of the table


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

    def places(self, old: npt.NDArray[np.uint32], inserted: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """The same done to one value of each row: old, of the base's rows; inserted uint32[n]."""
        stay = np.ones(len(old), bool)
        stay[self.removed] = False
        kept = np.flatnonzero(stay)
        return np.insert(old[kept], np.searchsorted(kept, self.before), inserted)


@dataclasses.dataclass(frozen=True)
class Patcher:
    """Writes the tables of a snapshot as those of a base with patches.

    max_overlay_fraction: what a table's overlay may have of the rows of the files below, 0 for none.
    """

    output: Path
    snapshot: str
    base: Base
    max_overlay_fraction: float

    def write(self, patch: Patch, table: str, bucket: int) -> list[FileEntry]:
        """The files of the table as it is then, and its overlay: the base's, unless they were changed."""
        if not patch:
            return self.base.entries(table, bucket)
        files, old = self.base.files(table, bucket)
        most = self._most(bucket, old.rows)
        if table not in OVERLAYS or (not len(old) and len(patch.before) > most):
            return [self._spliced(files, table, bucket, patch)]
        new, order = old.patched(patch.removed, patch.before)
        rows = self._rows(patch, table, bucket, old).take(pa.array(order))
        if len(new) > most:
            return [self._spliced(files, table, bucket, Patch.of(new.replaced, new.before, rows))]
        return [*files, self._laid(new, rows, table, bucket)]

    def _most(self, bucket: int, rows: int) -> float:
        """Rows of an overlay. Not the same share of each bucket, for in one run not all are to be made anew."""
        return self.max_overlay_fraction * rows * (8 + bucket % 8) / 15

    def _rows(self, patch: Patch, table: str, bucket: int, old: Overlay) -> pa.Table:
        """The rows of the old overlay, then those that come."""
        names = SCHEMAS[table].names
        above = self.base.taken_over(table, bucket, names, np.arange(len(old))) if len(old) else None
        come = patch.rows_between(0, len(patch.before))
        return come if above is None else pa.concat_tables([above, come]).combine_chunks()

    def _laid(self, overlay: Overlay, rows: pa.Table, table: str, bucket: int) -> FileEntry:
        name = OVERLAYS[table]
        columns = [*rows.columns, pa.array(overlay.before), pa.array(overlay.instead)]
        path = data_path(self.snapshot, name, bucket=bucket)
        laid = pa.table(columns, schema=SCHEMAS[name])
        entry = write_table(self.output, path, SCHEMAS[name], [laid], _OVERLAY_GROUP_ROWS)
        return dataclasses.replace(entry, replaces=len(overlay.replaced))

    def _spliced(self, files: list[FileEntry], table: str, bucket: int, patch: Patch) -> FileEntry:
        path = data_path(self.snapshot, table, bucket=bucket)
        return splice_table(self.output, path, files, patch.removed, patch.before, patch.rows_between)

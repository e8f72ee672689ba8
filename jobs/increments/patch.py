"""What changes of a sorted table of the base: rows that go, and rows that come."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.increments.base import Base
from jobs.snapshots.entries import FileEntry
from jobs.snapshots.splicing import splice_table


@dataclasses.dataclass(frozen=True)
class Patch:
    """What changes of a table in a bucket: n rows come, in the table's order.

    removed: int64[], ascending numbers of rows that go. before: int64[n] ascending, for each row that comes the
    number of the row of the base that it stands before. rows_between: makes some of those that come, given the first
    of them and the one after the last, and the rows that go from the same part of the table.
    """

    removed: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    rows_between: Callable[[int, int, pa.Table], pa.Table]

    @classmethod
    def of(cls, removed: npt.NDArray[np.int64], before: npt.NDArray[np.int64], inserted: pa.Table) -> Patch:
        """A patch whose rows are there already."""
        return cls(removed, before, lambda first, last, _: inserted.slice(first, last - first))

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(len(self.removed)) or bool(len(self.before))

    def write(self, output: Path, path: str, base: Base, table: str, bucket: int) -> FileEntry:
        """Write the table's file as it is then; see splice_table."""
        return splice_table(output, path, base.entries(table, bucket), self.removed, self.before, self.rows_between)

    def places(self, old: npt.NDArray[np.uint32], inserted: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """The same done to one value of each row: old, of the base's rows; inserted uint32[n]."""
        stay = np.ones(len(old), bool)
        stay[self.removed] = False
        kept = np.flatnonzero(stay)
        return np.insert(old[kept], np.searchsorted(kept, self.before), inserted)

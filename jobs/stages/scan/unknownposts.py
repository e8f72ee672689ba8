"""The posts whose author is not among the accounts: kept until a run knows the author."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.tables import Column
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import write_table
from lookalike.tables import UNKNOWN_POSTS


class UnknownPosts:
    """Gathers the posts of one task and writes them, if there are any. Memory: all of their authors' ids.

    example: one of these ids.
    """

    def __init__(self) -> None:
        self._parts: list[pa.RecordBatch] = []
        self.example: str | None = None

    def __len__(self) -> int:
        """Number of posts."""
        return sum(part.num_rows for part in self._parts)

    def add(self, authors: Column, rows: npt.NDArray[np.int64], chosen: npt.NDArray[np.intp]) -> None:
        """Note the chosen of n posts; rows int64[n]: file and place, see Posts."""
        if not len(chosen):
            return
        ids = authors.take(chosen).texts()
        self.example = self.example or ids[0]
        self._parts.append(UNKNOWN_POSTS.batch(author_id=ids, row=rows[chosen]))

    def write(self, output: OutputPlace, path: str) -> list[FileEntry]:
        """Write a data file of a snapshot, see write_table; none without posts."""
        return [write_table(output, path, self._parts)] if self._parts else []

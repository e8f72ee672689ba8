"""Different rows of one post: which of them is used, when the hashes do not say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.rows import FetchedRow, fetch_rows
from jobs.inputs.tables import HASHTAGS, POSTS, InputFile
from jobs.stages.scan.posts import PLACE, PLACE_BITS

_CREATED_AT = POSTS.columns.index("created_at")
_HASHTAGS = POSTS.columns.index(HASHTAGS)

Rank = tuple[int, tuple[bytes, ...]]


class ConflictingRows:
    """Rows of posts read again from their files, by row number (see Posts). files: those of the numbers."""

    def __init__(self, files: Sequence[InputFile], rows: npt.NDArray[np.int64]) -> None:
        """Read the rows, in any order; each file is read once."""
        self._files = files
        self._rows: dict[int, FetchedRow] = {}
        rows = np.unique(rows)
        for number in np.unique(rows >> PLACE_BITS).tolist():
            here = rows[rows >> PLACE_BITS == number]
            self._rows |= zip(here.tolist(), fetch_rows(files[number], here & PLACE, POSTS), strict=True)

    def rank(self, row: int) -> Rank:
        """Of the rows of one post that of the greatest rank is used: the later, then the greater by its values.

        Hashtags do not count: rows that differ in nothing else are joined.
        """
        values = self._rows[row].values
        written = np.frombuffer(values[_CREATED_AT], np.uint8)
        day_first = self._files[row >> PLACE_BITS].day_first
        (created,) = parse_timestamps(written, np.zeros(1, np.int64), np.full(1, len(written)), day_first=day_first)
        return int(created), values[:_HASHTAGS] + values[_HASHTAGS + 1 :]

    def path(self, row: int) -> str:
        """The file of a row."""
        return self._files[row >> PLACE_BITS].path

    def raw(self, row: int) -> bytes:
        """A row as written."""
        return self._rows[row].raw

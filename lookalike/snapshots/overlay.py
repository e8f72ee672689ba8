"""Where the rows of an overlay stand among those of a table's files; see schemas.MEMBERS_OVERLAY."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import numpy.typing as npt

from lookalike.strings.values import Places

Mask = npt.NDArray[np.bool_]


def rows_before(before: Places, start: int, end: int, rows: int) -> tuple[int, int]:
    """Which of the rows that come stand before rows start to end of a table, or if `end` is `rows` behind the last.

    before: int64[], ascending: of each row that comes the one that it stands before.
    """
    first, last = np.searchsorted(before, [start, end if end < rows else end + 1])
    return int(first), int(last)


@dataclasses.dataclass(frozen=True)
class Overlay:
    """n rows laid over a table. before: int64[n], instead: bool[n], as in its file; rows: of the table's files.

    The table as it is then, the whole, has its rows numbered from 0 too.
    """

    before: Places
    instead: Mask
    rows: int

    def __post_init__(self) -> None:
        """Raise ValueError unless the rows can stand where they say."""
        if (
            (len(self.before) and not 0 <= self.before[0] <= self.before[-1] <= self.rows)
            or np.any(self.before[1:] < self.before[:-1])
            or np.any(self.instead & ~_last_of_equal(self.before))
            or np.any(self.replaced >= self.rows)
        ):
            raise ValueError("rows laid over a table do not stand in its order")

    @classmethod
    def none(cls, rows: int) -> Overlay:
        """Nothing lies over a table of so many rows."""
        return cls(np.zeros(0, np.int64), np.zeros(0, bool), rows)

    def __len__(self) -> int:
        """Rows of the overlay."""
        return len(self.before)

    @functools.cached_property
    def replaced(self) -> Places:
        """int64[], ascending: the rows of the files that count no more."""
        return self.before[self.instead]

    @functools.cached_property
    def places(self) -> Places:
        """int64[n]: the number of each row of the overlay in the whole."""
        return self.before - (np.cumsum(self.instead) - self.instead) + np.arange(len(self))

    def locate(self, whole: Places) -> tuple[Mask, Places]:
        """Which rows of the whole are of the overlay, and the number of each there or in the files.

        whole: int64[], numbers of rows of the whole, or that of all, which stands for that of all rows of the files.
        """
        after = np.searchsorted(self.places, whole)  # rows of the overlay before each
        is_laid = np.zeros(len(whole), bool)
        inside = after < len(self)
        is_laid[inside] = self.places[after[inside]] == whole[inside]
        kept = whole - after
        # Of the rows that count no more, each stands behind so many that do.
        skipped = np.searchsorted(self.replaced - np.arange(len(self.replaced)), kept, side="right")
        return is_laid, np.where(is_laid, after, kept + skipped)

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Which rows of the overlay stand before or instead of rows start to end of the files, or behind the last."""
        return rows_before(self.before, start, end, self.rows)

    def order(self, start: int, end: int) -> Places:
        """int64[]: how rows start to end of the files that still count and those of `between` follow each other.

        The former are numbered from 0, the latter from end - start.
        """
        first, last = self.between(start, end)
        gone = self.before[first:last][self.instead[first:last]]
        kept = np.delete(np.arange(end - start), gone - start)
        at = np.searchsorted(kept, self.before[first:last] - start)
        return np.insert(kept, at, np.arange(last - first) + (end - start))

    def patched(self, removed: Places, before: Places) -> tuple[Overlay, Places, Places]:
        """The overlay that makes another whole: rows of it go, each for one that comes instead.

        removed: int64[], ascending. before: int64[m] ascending, for each of the m rows that come the row of the whole
        that it stands before; the last before a row that goes comes instead. Also what changes of this overlay's own
        rows: int64[] the numbers of those that go, int64[m] for each that comes the number of the one that it stands
        before.
        """
        comes_instead = _last_of_equal(before) & np.isin(before, removed)
        if np.count_nonzero(comes_instead) != len(removed):
            raise ValueError("a row goes, and none comes instead")
        is_laid, number = self.locate(before)
        own = number[is_laid]
        new_before, new_instead = number.copy(), comes_instead.copy()
        new_before[is_laid] = self.before[own]
        new_instead[is_laid] &= self.instead[own]
        gone, at = number[is_laid & comes_instead], np.searchsorted(self.places, before)
        kept = np.delete(np.arange(len(self)), gone)
        place = np.searchsorted(kept, at)
        merged_before = np.insert(self.before[kept], place, new_before)
        merged_instead = np.insert(self.instead[kept], place, new_instead)
        return Overlay(merged_before, merged_instead, self.rows), gone, at


def _last_of_equal(before: Places) -> Mask:
    """bool[n]: whether the next one, of n that ascend, is another."""
    return np.append(before[1:] > before[:-1], True)[: len(before)]

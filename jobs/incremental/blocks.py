"""The rows of some owners in a sorted table: of accounts, or of hashtags."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lookalike.strings.values import Places

Number = TypeVar("Number", np.uint32, np.int64)


@dataclasses.dataclass(frozen=True)
class Blocks:
    """The rows of the wanted ones of n owners, by whom the table is sorted.

    begins: int64[n + 1], where each owner's rows begin in the table. rows: int64[], the numbers of the wanted owners'
    rows, ascending. starts: int64[n + 1], where each owner's begin among these.
    """

    begins: Places
    rows: Places
    starts: Places

    @classmethod
    def of(cls, counts: npt.NDArray[np.int64], wanted: npt.NDArray[np.bool_]) -> Blocks:
        """counts: int64[n], rows of each owner; wanted: bool[n]."""
        rows = np.flatnonzero(np.repeat(wanted, counts))
        return cls(_sums(counts), rows, _sums(np.where(wanted, counts, 0)))

    def spans(self, place: Places, known: npt.NDArray[np.bool_]) -> tuple[Places, Places]:
        """Where the rows of wanted owners begin and end among `rows`: place, of an owner, or of one that comes there.

        known: whether it is an owner; another has no rows.
        """
        return self.starts[place], self.starts[place + known]

    def rows_at(self, place: Places, known: npt.NDArray[np.bool_], at: Places) -> Places:
        """The number in the table of the row at a place in an owner's span, or after the last of it."""
        row = self.begins[place + known]
        inside = at < self.starts[place + known]
        row[inside] = self.rows[at[inside]]
        return row


def find_owners(owners: npt.NDArray[Number], wanted: npt.NDArray[Number]) -> tuple[Places, npt.NDArray[np.bool_]]:
    """The place of each wanted number among n owners, which ascend, or where it would be, and whether it is there."""
    place = np.searchsorted(owners, wanted)
    if not len(owners):
        return place, np.zeros(len(wanted), bool)
    return place, owners[np.minimum(place, len(owners) - 1)] == wanted


def _sums(counts: npt.NDArray[np.int64]) -> Places:
    return np.concatenate([[0], np.cumsum(counts)])

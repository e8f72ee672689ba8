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
    rows, ascending.
    """

    begins: Places
    rows: Places

    @classmethod
    def of(cls, counts: npt.NDArray[np.int64], wanted: npt.NDArray[np.bool_]) -> Blocks:
        """counts: int64[n], rows of each owner; wanted: bool[n]."""
        return cls(np.concatenate([[0], np.cumsum(counts)]), np.flatnonzero(np.repeat(wanted, counts)))


def find_owners(owners: npt.NDArray[Number], wanted: npt.NDArray[Number]) -> tuple[Places, npt.NDArray[np.bool_]]:
    """The place of each wanted number among n owners, which ascend, or where it would be, and whether it is there."""
    place = np.searchsorted(owners, wanted)
    if not len(owners):
        return place, np.zeros(len(wanted), bool)
    return place, owners[np.minimum(place, len(owners) - 1)] == wanted

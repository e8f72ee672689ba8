"""Which stored rows of a table with generations count: for each key that of the newest."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from lookalike.strings.values import Places

Keys = npt.NDArray[np.uint64]


@dataclasses.dataclass(frozen=True)
class CountingRows:
    """The n rows that count, by key. key: uint64[n], ascending. row: int64[n], as StoredTable.take numbers them."""

    key: Keys
    row: Places

    @classmethod
    def of(cls, keys: Sequence[Keys]) -> Self:
        """keys: of the rows of each file, the newest file first; ascending in each."""
        if len(keys) == 1:
            return cls(keys[0], np.arange(len(keys[0])))
        both = np.concatenate([np.zeros(0, np.uint64), *keys])
        key, row = np.unique(both, return_index=True)  # the first, which is the newest
        return cls(key, row)

    def find(self, wanted: Keys) -> tuple[Places, npt.NDArray[np.bool_]]:
        """int64[k]: the first row whose key is at least each wanted one; bool[k]: whether that is its key."""
        at = np.searchsorted(self.key, wanted)
        is_known = np.zeros(len(wanted), bool)
        inside = np.flatnonzero(at < len(self.key))
        is_known[inside] = self.key[at[inside]] == wanted[inside]
        return at, is_known

"""What has become of the base's accounts, as a work file."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.workfiles import open_work_file, write_work_file

_FILE = "changes.arrow"


@dataclasses.dataclass(frozen=True)
class AccountChanges:
    """Of the n accounts of this run, which the base has, and which of these are not what they were.

    known: bool[n]; no account of the base is missing. changed: bool[n], screen name or date of creation is another.
    """

    known: npt.NDArray[np.bool_]
    changed: npt.NDArray[np.bool_]

    @classmethod
    def none(cls, accounts: int) -> AccountChanges:
        """All accounts are what they were."""
        return cls(np.ones(accounts, bool), np.zeros(accounts, bool))

    @functools.cached_property
    def numbers(self) -> npt.NDArray[np.uint32]:
        """uint32[accounts of the base]: the number in this run of each account of the base, by its number there."""
        return np.flatnonzero(self.known).astype(np.uint32)

    @property
    def same_numbers(self) -> bool:
        """Whether the accounts have the numbers that they had."""
        return len(self.numbers) == 0 or int(self.numbers[-1]) == len(self.numbers) - 1

    def write(self, work: Path) -> None:
        """Write the file for the tasks."""
        rows = pa.record_batch({"known": self.known.view(np.uint8), "changed": self.changed.view(np.uint8)})
        write_work_file(work / _FILE, rows.schema, [rows])


@functools.lru_cache(maxsize=2)
def account_changes(work: Path) -> AccountChanges:
    """The written file, mapped into memory."""
    rows = open_work_file(work / _FILE).get_batch(0)
    return AccountChanges(*(rows[name].to_numpy().view(np.bool_) for name in ("known", "changed")))

"""What has become of the base's accounts, as a work file."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.workfiles import open_work_file, write_work_file
from jobs.exchange.workplace import WorkPlace

_FILE = "changes.arrow"


@dataclasses.dataclass(frozen=True)
class AccountChanges:
    """Of the n accounts of this run, which the base has, and which of these are not what they were.

    known: bool[n]; no account of the base is missing. changed: bool[n], screen name or date of creation is another.
    number: uint32[n], by which tables name the account: the base's, or the next free one.
    """

    known: npt.NDArray[np.bool_]
    changed: npt.NDArray[np.bool_]
    number: npt.NDArray[np.uint32]

    @functools.cached_property
    def places(self) -> npt.NDArray[np.uint32]:
        """uint32[n]: the account of each number."""
        places = np.empty(len(self.number), np.uint32)
        places[self.number] = np.arange(len(self.number), dtype=np.uint32)
        return places

    def write(self, work: WorkPlace) -> None:
        """Write the file for the tasks."""
        columns = {"known": self.known.view(np.uint8), "changed": self.changed.view(np.uint8), "number": self.number}
        rows = pa.record_batch(columns)
        write_work_file(work / _FILE, rows.schema, [rows])


@functools.lru_cache(maxsize=2)
def account_changes(work: WorkPlace) -> AccountChanges:
    """The written file, mapped into memory."""
    rows = open_work_file(work / _FILE).get_batch(0)
    known, changed = (rows[name].to_numpy().view(np.bool_) for name in ("known", "changed"))
    return AccountChanges(known=known, changed=changed, number=rows["number"].to_numpy())

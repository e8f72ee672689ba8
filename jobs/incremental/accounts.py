"""How the accounts of a run differ from those of the snapshot that it builds on."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.times import micros
from jobs.incremental.base import Base
from jobs.incremental.changes import AccountChanges
from jobs.incremental.decide import NotIncremental
from jobs.inputs.accounts.table import AccountTable
from lookalike.errors import SnapshotError
from lookalike.snapshots.manybuckets import buckets_of
from lookalike.strings.packed import packed_strings

_AT_ONCE: Final = 1 << 20  # accounts


def same_accounts(base: Base, table: AccountTable) -> AccountChanges:
    """All accounts are what they were; of the base only their numbers are read."""
    number = np.empty(len(table), np.uint32)
    bucket = buckets_of(*packed_strings(table.ids), base.buckets)
    for one in range(base.buckets):
        there = np.flatnonzero(bucket == one)
        stored = base.read("accounts", one, ["account_number"])["account_number"].to_numpy()
        if len(stored) != len(there):
            raise SnapshotError(f"accounts: bucket {one} has {len(stored)} rows, not {len(there)}")
        number[there] = stored
    return _checked(known=np.ones(len(table), bool), changed=np.zeros(len(table), bool), number=number)


def compare_accounts(base: Base, table: AccountTable) -> AccountChanges:
    """Find every account of the base in the table.

    Raises NotIncremental if one is gone, for then its posts go, too.
    """
    known, changed = np.zeros(len(table), bool), np.zeros(len(table), bool)
    number: npt.NDArray[np.uint32] = np.zeros(len(table), np.uint32)
    for bucket in range(base.buckets):
        rows = base.read("accounts", bucket, ["account_id", "account_number", "screen_name", "created_at"])
        index = table.indices_of(rows["account_id"].combine_chunks())
        if len(index) and index.min() < 0:
            gone = rows["account_id"][int(np.argmin(index))].as_py()
            raise NotIncremental(f"the account {gone[:80]!r} is not among the accounts any more")
        known[index] = True
        number[index] = rows["account_number"].to_numpy()
        names = table.screen_names.take(pa.array(index)).cast(pa.string())
        other_name = pc.not_equal(names, rows["screen_name"].combine_chunks()).to_numpy(zero_copy_only=False)
        changed[index] = other_name | (table.created_at[index] != micros(rows["created_at"]))
    number[~known] = np.arange(np.count_nonzero(known), len(table))
    return _checked(known=known, changed=changed, number=number)


def _checked(
    known: npt.NDArray[np.bool_], changed: npt.NDArray[np.bool_], number: npt.NDArray[np.uint32]
) -> AccountChanges:
    """The changes, if the numbers are those from 0 on."""
    taken = np.zeros(len(number), bool)
    if int(number.max(initial=0)) < max(1, len(number)):
        for start in range(0, len(number), _AT_ONCE):  # numpy makes int64 of what it indexes with
            taken[number[start : start + _AT_ONCE]] = True
    if not taken.all():
        raise SnapshotError("accounts: two accounts have the same number, or a number is too large")
    return AccountChanges(known=known, changed=changed, number=number)

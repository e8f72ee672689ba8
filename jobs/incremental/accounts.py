"""How the accounts of a run differ from those of the snapshot that it builds on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.times import micros
from jobs.incremental.base import Base
from jobs.incremental.changes import AccountChanges
from jobs.incremental.decide import NotIncremental
from jobs.inputs.accounts import AccountTable


def compare_accounts(base: Base, table: AccountTable) -> AccountChanges:
    """Find every account of the base in the table. NotIncremental if one is gone, for then its posts go, too."""
    known, changed = np.zeros(len(table), bool), np.zeros(len(table), bool)
    for bucket in range(base.buckets):
        rows = base.read("accounts", bucket, ["account_id", "screen_name", "account_created"])
        index = table.indices_of(rows["account_id"].combine_chunks())
        if len(index) and index.min() < 0:
            gone = rows["account_id"][int(np.argmin(index))].as_py()
            raise NotIncremental(f"the account {gone[:80]!r} is not among the accounts any more")
        known[index] = True
        names = table.screen_names.take(pa.array(index)).cast(pa.string())
        other_name = pc.not_equal(names, rows["screen_name"].combine_chunks()).to_numpy(zero_copy_only=False)
        changed[index] = other_name | (table.created[index] != micros(rows["account_created"]))
    return AccountChanges(known, changed)

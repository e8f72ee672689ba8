"""What the tasks of one Python worker process share."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
import numpy.typing as npt

from jobs.exchange.workplace import WorkFile
from jobs.inputs.accounts.table import AccountTable
from lookalike.outputs.opening import open_base
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.manybuckets import buckets_of
from lookalike.snapshots.reader import Snapshot
from lookalike.strings.packed import packed_strings

ACCOUNTS_FILE: Final = "accounts.arrow"


@functools.lru_cache(maxsize=2)
def accounts_table(file: WorkFile) -> AccountTable:
    """The table of accounts that the driver wrote to the run's work place, mapped into memory."""
    return AccountTable.open(str(file.local()))


@functools.lru_cache(maxsize=2)
def account_buckets(file: WorkFile, buckets: int) -> npt.NDArray[np.uint16]:
    """outputs.buckets.bucket_of(id, buckets) of every account of the table."""
    ids = accounts_table(file).ids
    return buckets_of(*packed_strings(ids), buckets)


@functools.lru_cache(maxsize=1)
def open_snapshot(output: OutputPlace, snapshot: str) -> Snapshot:
    """A published snapshot to build on: of a damaged file nothing is used."""
    return Snapshot.open(open_base(output), snapshot)

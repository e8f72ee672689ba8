"""The table of all names of the accounts that have several."""

from __future__ import annotations

import itertools

import pyarrow as pa

from jobs.exchange.times import as_times
from jobs.inputs.accounts.choose import NamesOverTime
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.manybuckets import order_by_bucket
from lookalike.tables import NAMES


def write_names(names: NamesOverTime, output: OutputPlace, snapshot: str, buckets: int) -> list[FileEntry]:
    """Write a file of each bucket of accounts that has some; of these accounts all names are there."""
    rows = NAMES.batch(
        account_id=names.ids.cast(pa.string()),
        screen_name=names.screen_names.cast(pa.string()),
        first_seen=as_times(names.first),
        last_seen=as_times(names.last),
        rows=names.rows,
    )
    order, edges = order_by_bucket(names.ids, buckets)
    parts = zip(range(buckets), itertools.pairwise(edges.tolist()), strict=True)
    return [
        write_table(output, data_path(snapshot, "names", bucket=bucket), [rows.take(order[start:end])])
        for bucket, (start, end) in parts
        if end > start
    ]

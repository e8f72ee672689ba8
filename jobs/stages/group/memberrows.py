"""Members of hashtags as rows of the snapshot, and as they are sent on by account."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.parts import parts_of
from jobs.exchange.times import as_times
from jobs.exchange.worker import account_buckets
from jobs.inputs.accounts import AccountTable
from jobs.stages.group.evidence import Evidence
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.snapshots.datafiles import write_table
from lookalike.tables.schemas import MEMBER_PLACES, MEMBERS

_AT_ONCE = 1 << 20  # rows of a row group of places, which are always read whole


def member_rows(table: AccountTable, keys: pa.StringArray, evidence: Evidence) -> pa.RecordBatch:
    """As schemas.MEMBERS; keys: of the hashtags that the evidence speaks of by place."""
    account = pa.array(evidence.account)
    return pa.record_batch(
        [
            keys.take(pa.array(evidence.hashtag)),
            table.ids.take(account).cast(pa.string()),
            table.screen_names.take(account).cast(pa.string()),
            pa.array(evidence.posts, pa.int64()),
            pa.array(evidence.reposts, pa.int64()),
            as_times(evidence.first),
            as_times(evidence.last),
            as_times(table.created[evidence.account]),
        ],
        schema=MEMBERS,
    )


def write_places(output: Path, snapshot: str, bucket: int, accounts: npt.NDArray[np.uint32]) -> FileEntry:
    """Write schemas.MEMBER_PLACES for the members of a bucket: accounts, uint32[n]."""
    rows = pa.record_batch([pa.array(accounts)], schema=MEMBER_PLACES)
    return write_table(output, data_path(snapshot, "member_places", bucket=bucket), MEMBER_PLACES, [rows], _AT_ONCE)


def send_memberships(work: Path, bucket: int, evidence: Evidence, accounts: str, buckets: int, tasks: int) -> None:
    """Send the memberships of a bucket to the tasks of their accounts; see WriteTables for buckets and tasks."""
    order, parts = parts_of(account_buckets(accounts, buckets)[evidence.account] % tasks, tasks)
    channel = channels.memberships(work)
    rows = pa.record_batch({name: getattr(evidence, name)[order] for name in channel.schema.names})
    with channel.source(bucket) as box:
        for number, start, end in parts:
            box.send(number, rows.slice(start, end - start))

"""Members of hashtags as rows of the snapshot, and as they are sent on by account."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.channels import MEMBERSHIPS
from jobs.exchange.exchange import Outbox
from jobs.exchange.parts import parts_of
from jobs.exchange.times import as_times
from jobs.exchange.worker import account_buckets
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.inputs.accounts.table import AccountTable
from jobs.stages.group.evidence import Evidence
from lookalike.tables import MEMBERS


def member_rows(
    table: AccountTable,
    keys: pa.StringArray,
    evidence: Evidence,
    *,
    numbers: npt.NDArray[np.uint32] | None = None,
    generation: int = 0,
) -> pa.RecordBatch:
    """As tables.MEMBERS; keys: of the hashtags that the evidence names by place.

    numbers: uint32[accounts], what the tables call each account; None if that is its place among all.
    """
    account = pa.array(evidence.account)
    return MEMBERS.batch(
        hashtag=keys.take(pa.array(evidence.hashtag)),
        account_id=table.ids.take(account).cast(pa.string()),
        account_number=evidence.account if numbers is None else numbers[evidence.account],
        screen_name=table.screen_names.take(account).cast(pa.string()),
        **evidence.columns(),
        created_at=as_times(table.created_at[evidence.account]),
        generation=np.full(len(evidence), generation, np.int32),
    )


@dataclasses.dataclass(frozen=True)
class MembershipBox:
    """Sends the memberships of a bucket to the tasks of their accounts; buckets, tasks: see WriteTables."""

    box: Outbox
    accounts: WorkFile
    buckets: int
    tasks: int

    def send(self, evidence: Evidence) -> None:
        """Send some; those of earlier calls come before them."""
        order, parts = parts_of(
            account_buckets(self.accounts, self.buckets)[evidence.account] % self.tasks, self.tasks
        )
        rows = pa.record_batch({name: getattr(evidence, name)[order] for name in MEMBERSHIPS.names})
        for number, start, end in parts:
            self.box.send(number, rows.slice(start, end - start))


def send_new_memberships(
    work: WorkPlace, bucket: int, account: npt.NDArray[np.uint32], *, accounts: WorkFile, buckets: int, tasks: int
) -> None:
    """Send the accounts of those memberships of a bucket that are new to the tasks of these accounts."""
    order, parts = parts_of(account_buckets(accounts, buckets)[account] % tasks, tasks)
    rows = pa.record_batch({"account": account[order]})
    with channels.new_memberships(work).source(bucket) as box:
        for number, start, end in parts:
            box.send(number, rows.slice(start, end - start))

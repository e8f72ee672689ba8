"""Stage 3, second half: the memberships once more, by account."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.parts import parts_of
from jobs.exchange.reports import WriteReport
from jobs.exchange.stage import Route, Stage
from jobs.exchange.worker import account_buckets, accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.stages.group.accountlists import AccountLists
from jobs.stages.group.evidence import Evidence, membership_keys
from jobs.stages.group.hashtagtable import hashtag_table
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import row_groups, write_table
from lookalike.tables import ACCOUNT_HASHTAGS


@dataclasses.dataclass(frozen=True)
class ListHashtags(Stage[WriteReport]):
    """Task function: numbers of tasks in; hashtags of accounts to the snapshot, reports out.

    grouped: the buckets of hashtags that have members. buckets, tasks: as in WriteTables.
    """

    accounts: WorkFile
    output: OutputPlace
    work: WorkPlace
    snapshot: str
    grouped: tuple[int, ...]
    buckets: int
    tasks: int

    @property
    def receives(self) -> tuple[Route, ...]:
        """Each task the memberships of its accounts."""
        return (Route("memberships", parts=self.tasks),)

    def __call__(self, tasks: Iterable[int]) -> Iterator[WriteReport]:
        """Do the tasks whose numbers come in."""
        for task in tasks:
            yield from self._list(task)

    def _list(self, task: int) -> Iterator[WriteReport]:
        evidence = received_memberships(self.work, task, self.grouped)
        account = evidence.account
        changes = np.flatnonzero(np.diff(account, prepend=np.int64(-1)))
        starts = np.append(changes, len(account)).astype(np.int64)
        leads = np.concatenate([[0], np.cumsum(evidence.leads, dtype=np.int64)])
        lists = AccountLists(account[changes], np.diff(leads[starts]), starts, evidence.hashtag)
        lists.write(self.work, task)
        order, parts = parts_of(account_buckets(self.accounts, self.buckets)[account], self.buckets)
        for bucket, start, end in parts:
            path = data_path(self.snapshot, "account_hashtags", bucket=bucket)
            pieces = self._pieces(evidence, order[start:end])
            yield WriteReport([write_table(self.output, path, pieces)])

    def _pieces(self, evidence: Evidence, chosen: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        ids, keys = accounts_table(self.accounts).ids, hashtag_table(self.work).keys
        for part in row_groups(len(chosen)):
            yield account_hashtag_rows(ids, keys, evidence.take(chosen[part]))


def received_memberships(work: WorkPlace, task: int, grouped: Sequence[int]) -> Evidence:
    """The memberships sent to a task of accounts, in the order of (account, hashtag), hashtags by number.

    grouped: the buckets of hashtags that have sent some.
    """
    table = hashtag_table(work)
    parts = []
    channel = channels.memberships(work)
    for bucket in grouped:
        rows = channel.receive(task, [bucket])
        numbers = table.numbers_in(bucket)[rows["hashtag"].to_numpy()]
        parts.append(rows.set_column(0, channel.schema.field(0), pa.array(numbers)))
    rows = pa.concat_tables(parts).combine_chunks() if parts else channel.schema.empty_table()
    key = membership_keys(rows["account"].to_numpy(), rows["hashtag"].to_numpy())
    order = np.argsort(key)
    return Evidence(**{name: rows[name].to_numpy()[order] for name in rows.column_names})


def account_hashtag_rows(
    ids: pa.LargeStringArray, keys: pa.StringArray, evidence: Evidence, *, generation: int = 0
) -> pa.RecordBatch:
    """As tables.ACCOUNT_HASHTAGS, of hashtags by number. ids: of all accounts, keys: of all hashtags."""
    return ACCOUNT_HASHTAGS.batch(
        account_id=ids.take(pa.array(evidence.account)).cast(pa.string()),
        hashtag=keys.take(pa.array(evidence.hashtag)),
        **evidence.columns(),
        generation=np.full(len(evidence), generation, np.int32),
    )

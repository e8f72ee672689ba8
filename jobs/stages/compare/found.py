"""Similar pairs on their way from the comparison to the tasks that write them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.exchange import Outbox
from jobs.exchange.parts import parts_of
from jobs.exchange.reports import CompareReport
from jobs.exchange.worker import account_buckets, accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.stages.compare.tally import PairTally, TaskTally
from jobs.stages.group.hashtagtable import hashtag_table
from lookalike.strings.packed import packed_strings

_ROW_BYTES: Final = 8  # of a row beside its texts, with which most of a table's bytes are

Indices = npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class PairSender:
    """Sends pairs to the tasks of WriteTables; buckets, tasks: as there.

    tally: counts what is sent. lookalikes: False to send nothing by account. Accounts are given by the names that are
    similar, see AccountTable.names.
    """

    accounts: WorkFile
    work: WorkPlace
    buckets: int
    tasks: int
    tally: PairTally
    lookalikes: bool = True

    @contextlib.contextmanager
    def source(self, task: int, counts: CompareReport) -> Iterator[PairBoxes]:
        """Where a task of comparison puts what it finds; what was sent is there once the context is left.

        counts: table_bytes is added up in it.
        """
        work = self.work
        with (
            channels.pairs(work).source(task) as pairs,
            channels.lookalikes(work).source(task) as lookalikes,
            self.tally.task() as tally,
        ):
            yield PairBoxes(self, pairs, lookalikes, tally, counts)


@dataclasses.dataclass(frozen=True)
class PairBoxes:
    """The open boxes of one task."""

    sender: PairSender
    pairs: Outbox
    lookalikes: Outbox
    tally: TaskTally
    counts: CompareReport

    def by_hashtag(
        self, hashtag: Indices, account_a: Indices, account_b: Indices, distance: npt.NDArray[np.int32]
    ) -> None:
        """Send n pairs of accounts, each in a hashtag given by number, to the hashtags' buckets.

        Raises TooManyPairsError.
        """
        self.tally.add(len(hashtag))
        table = accounts_table(self.sender.accounts)
        texts = sum(_bytes_of(table.ids, table.owner_of(account)) for account in (account_a, account_b))
        self.counts.table_bytes += texts + _ROW_BYTES * len(hashtag)
        bucket_of = hashtag_table(self.sender.work).bucket
        order, parts = parts_of(bucket_of[hashtag], self.sender.buckets)
        columns = {"hashtag": hashtag, "account_a": account_a, "account_b": account_b, "distance": distance}
        rows = pa.record_batch({name: column[order] for name, column in columns.items()})
        for bucket, start, end in parts:
            self.pairs.send(bucket, rows.slice(start, end - start))

    def by_account(
        self, account_a: Indices, account_b: Indices, distance: npt.NDArray[np.int32], hashtags: npt.NDArray[np.int32]
    ) -> None:
        """Send n pairs, each a pair in so many hashtags, from either side to the tasks of accounts."""
        if not self.sender.lookalikes:
            return
        account, other = np.concatenate([account_a, account_b]), np.concatenate([account_b, account_a])
        tasks = self.sender.tasks
        table = accounts_table(self.sender.accounts)
        owner = table.owner_of(account)
        texts = _bytes_of(table.ids, owner) + _bytes_of(table.screen_names, owner)  # each is an `other` once, too
        self.counts.table_bytes += texts + _ROW_BYTES * len(other)
        order, parts = parts_of(account_buckets(self.sender.accounts, self.sender.buckets)[owner] % tasks, tasks)
        columns = {"account": account, "other": other}
        columns |= {"distance": np.tile(distance, 2), "hashtags": np.tile(hashtags, 2)}
        rows = pa.record_batch({name: column[order] for name, column in columns.items()})
        for task, start, end in parts:
            self.lookalikes.send(task, rows.slice(start, end - start))


def _bytes_of(texts: pa.LargeStringArray, chosen: Indices) -> int:
    """The length in UTF-8 of the texts at some places, all together."""
    offsets = packed_strings(texts)[1]
    return int((offsets[chosen.astype(np.int64) + 1] - offsets[chosen]).sum())

"""Accounts, step 1: read a split, and send each row to the task that gets all rows of its account."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.exchange import Outbox
from jobs.exchange.parts import send_to_parts
from jobs.exchange.reports import Border
from jobs.exchange.stage import Stage
from jobs.exchange.workplace import WorkPlace
from jobs.inputs.accounts.rows import ROWS, RowReader, RowsRead
from jobs.inputs.rejects import Reason
from jobs.inputs.tables import Part, Split
from jobs.stages.scan.borders import shares_quoted_file
from lookalike.snapshots.manybuckets import buckets_of
from lookalike.strings.packed import packed_strings

_ROWS_AT_ONCE = 1 << 19  # that are held before they are sent on
_REJECTED_AT_ONCE = 1 << 23  # bytes of rows that cannot be used
_SAMPLED = 16  # ids of each two megabytes


@dataclasses.dataclass(frozen=True)
class AccountsReport:
    """What a split held. ids: some, from all parts of it. borders: see borders.py."""

    seen: RowsRead
    ids: list[str]
    borders: list[Border]


@dataclasses.dataclass(frozen=True)
class ScanAccounts(Stage[AccountsReport]):
    """Task function: ids of splits in, a report of each out; rows sent.

    buckets: of accounts, which the partitions share: partition p has those buckets b for which b % partitions == p.
    """

    reader: RowReader
    splits: tuple[Split, ...]
    buckets: int
    partitions: int
    work: WorkPlace

    sends = ("account_rows", "unusable")

    def __call__(self, numbers: Iterable[int]) -> Iterator[AccountsReport]:
        """Read the splits whose ids come in."""
        return map(self._read, numbers)

    def _read(self, number: int) -> AccountsReport:
        split, seen = self.splits[number], RowsRead()
        borders: list[int] = []
        ids: list[str] = []
        waiting: list[pa.RecordBatch] = []
        with (
            channels.account_rows(self.work).source(number) as rows,
            channels.unusable(self.work).source(number) as unusable,
        ):
            rejects = _Rejects(unusable)
            part = Part(split.start, split.end, inside=split.inside, borders=borders)
            for batch in self.reader.read(split.file, rejects.add, seen, part):
                if len(batch):
                    some = np.linspace(0, len(batch) - 1, min(_SAMPLED, len(batch)), dtype=np.int64)
                    ids += batch["id"].take(pa.array(some)).to_pylist()
                waiting.append(batch)
                if sum(map(len, waiting)) >= _ROWS_AT_ONCE:
                    self._send(waiting, rows)
                    waiting = []
            self._send(waiting, rows)
            rejects.send()
        is_shared = shares_quoted_file(self.reader.files, split)
        return AccountsReport(seen, ids, [Border(number, *borders)] if is_shared else [])

    def _send(self, waiting: list[pa.RecordBatch], box: Outbox) -> None:
        found = pa.Table.from_batches(waiting, ROWS)
        if not len(found):
            return
        (rows,) = found.combine_chunks().to_batches()
        partition = buckets_of(*packed_strings(rows["id"]), self.buckets) % self.partitions
        send_to_parts(box, rows, partition, self.partitions)


class _Rejects:
    """Sends rows that cannot be used, some at a time."""

    def __init__(self, box: Outbox) -> None:
        self._box = box
        self._rows: list[tuple[int, Reason, bytes]] = []
        self._bytes = 0

    def add(self, file: int, reason: Reason, row: bytes) -> None:
        self._rows.append((file, reason, row))
        self._bytes += len(row)
        if self._bytes >= _REJECTED_AT_ONCE:
            self.send()

    def send(self) -> None:
        if self._rows:
            file, reason, row = zip(*self._rows, strict=True)
            columns = {"file": pa.array(file, pa.int32()), "reason": [one.value for one in reason]}
            self._box.send(0, pa.record_batch({**columns, "row": pa.array(row, pa.large_binary())}))
        self._rows, self._bytes = [], 0

"""Accounts, step 2: of the rows of an account use one, and send it to the task of its range of ids."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.exchange import Outbox
from jobs.exchange.stage import Route, Stage
from jobs.exchange.workplace import WorkPlace
from jobs.inputs.accounts.choose import ChosenRows
from jobs.inputs.accounts.read import SHOWN_UNDATED
from jobs.stages.accounts.overtime import write_names
from lookalike.kernel.names import compared_names, count_code_points
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.urls import OutputPlace


@dataclasses.dataclass(frozen=True)
class ChoiceReport:
    """What became of the rows of a partition.

    used, duplicates, earlier_names: as AccountCounts counts them. names, undated: as in AccountsRead. files: those of
    the table names. conflict_file, conflict_place: see ChosenRows. points, counts: code points of the names that are
    compared, and how often each occurs.
    """

    used: int
    duplicates: int
    earlier_names: int
    names: int
    undated: list[tuple[str, str]]
    files: list[FileEntry]
    conflict_file: npt.NDArray[np.int32]
    conflict_place: npt.NDArray[np.int64]
    points: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class ChooseAccounts(Stage[ChoiceReport]):
    """Task function: numbers of partitions in, a report of each out; accounts sent, the table names written.

    splits: that have sent rows. starts: the ids with which all ranges but the first begin, ascending.
    """

    splits: int
    partitions: int
    buckets: int
    starts: tuple[str, ...]
    fold: Literal["none", "case"]
    all_names: bool
    output: OutputPlace
    work: WorkPlace
    snapshot: str

    sends = ("accounts", "earlier_names")

    @property
    def receives(self) -> tuple[Route, ...]:
        """Each partition its rows."""
        return (Route("account_rows", parts=self.partitions),)

    def __call__(self, numbers: Iterable[int]) -> Iterator[ChoiceReport]:
        """Do the partitions whose numbers come in."""
        return map(self._choose, numbers)

    def _choose(self, number: int) -> ChoiceReport:
        chosen = ChosenRows.of(channels.account_rows(self.work).receive(number, range(self.splits)))
        compared = compared_names(chosen.screen_names, fold=self.fold)
        frequency = count_code_points(compared)
        with (
            channels.accounts(self.work).source(number) as accounts,
            channels.earlier_names(self.work).source(number) as earlier_names,
        ):
            columns = {"id": chosen.ids, "screen_name": chosen.screen_names, "created_at": chosen.created_at}
            self._send(pa.record_batch(columns), accounts)
            if self.all_names:
                earlier = chosen.earlier()
                ids = chosen.ids.take(pa.array(earlier.owner))
                self._send(pa.record_batch({"id": ids, "screen_name": earlier.names}), earlier_names)
                more = count_code_points(compared_names(earlier.names, fold=self.fold))
                frequency = _sum(frequency, more)
        points = np.flatnonzero(frequency)
        return ChoiceReport(
            used=len(chosen.ids),
            duplicates=chosen.duplicates,
            earlier_names=chosen.earlier_names,
            names=len(chosen.names.ids),
            undated=chosen.names.undated(SHOWN_UNDATED),
            files=write_names(chosen.names, self.output, self.snapshot, self.buckets),
            conflict_file=chosen.conflict_file,
            conflict_place=chosen.conflict_place,
            points=points,
            counts=frequency[points],
        )

    def _send(self, rows: pa.RecordBatch, box: Outbox) -> None:
        """Send rows to the ranges of their ids, which are ascending."""
        ids = rows["id"]
        cuts = [
            bisect.bisect_left(range(len(ids)), start.encode(), key=lambda i: ids[i].as_py().encode())
            for start in self.starts
        ]
        for target, (start, end) in enumerate(itertools.pairwise([0, *cuts, len(ids)])):
            if start < end:
                box.send(target, rows.slice(start, end - start))


def _sum(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sum of two counts by number, of which either may be shorter."""
    total = np.zeros(max(len(one), len(other)), np.int64)
    total[: len(one)] = one
    total[: len(other)] += other
    return total

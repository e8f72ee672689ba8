"""Accounts, step 4: the table out of its pieces, and the rows that cannot be used as rejects."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from jobs.exchange import channels
from jobs.exchange.stage import Route, Stage
from jobs.exchange.worker import ACCOUNTS_FILE
from jobs.exchange.workplace import WorkPlace
from jobs.inputs.accounts.joined import joined
from jobs.inputs.accounts.rows import reject_conflicts, rejecting
from jobs.inputs.accounts.table import AccountTable
from jobs.inputs.rejects import Reason, RejectedRows, RejectLog
from jobs.inputs.tables import InputFile
from jobs.stages.accounts.sort import piece
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace

TASKS = 2
_TABLE, _REJECTS = range(TASKS)


@dataclasses.dataclass(frozen=True)
class FinishAccounts(Stage[RejectedRows]):
    """Task function: _TABLE in, and the table is written; _REJECTS in, and the rejected rows are, and reported.

    splits: that have sent rows that cannot be used. conflict_file, conflict_place: see ChosenRows.
    """

    files: tuple[InputFile, ...]
    splits: int
    ranges: int
    conflict_file: npt.NDArray[np.int32]
    conflict_place: npt.NDArray[np.int64]
    output: OutputPlace
    work: WorkPlace
    snapshot: str

    @property
    def receives(self) -> tuple[Route, ...]:
        """What cannot be used."""
        return (Route("unusable", parts=1, first=_REJECTS),)

    def __call__(self, numbers: Iterable[int]) -> Iterator[RejectedRows]:
        """Do one or both."""
        for number in numbers:
            if number == _REJECTS:
                yield self._reject()
            else:
                self._join()

    def _join(self) -> None:
        pieces = [AccountTable.open(str(piece(self.work, number).local())) for number in range(self.ranges)]
        with (self.work / ACCOUNTS_FILE).create() as file:
            joined(pieces).write(file)

    def _reject(self) -> RejectedRows:
        with RejectLog(self.output, data_path(self.snapshot, "rejects")) as log:
            reject = rejecting(log, self.files)
            for batch in channels.unusable(self.work).receive(0, range(self.splits)).to_batches():
                for row in batch.to_pylist():
                    reject(row["file"], Reason(row["reason"]), row["row"])
            reject_conflicts(self.files, self.conflict_file, self.conflict_place, reject)
            return log.finish()

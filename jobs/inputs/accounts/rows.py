"""The rows of accounts that can be used, as they come out of the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.accounts.names import are_longer, cleaned_names, count_undecoded
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.rows import fetch_rows, read_rows
from jobs.inputs.tables import ACCOUNTS, WHOLE, Column, InputFile, Part, RowBatch
from jobs.inputs.text.evidence import NO_EVIDENCE, Evidence
from lookalike.strings.packed import large_strings
from lookalike.strings.values import Places, are_blank, pack_values

# One row that can be used. created_at, seen_at: microseconds since 1970 or NULL_TIME. file, place: where it is.
ROWS: Final = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in (
            ("id", pa.large_string()),
            ("screen_name", pa.large_string()),
            ("created_at", pa.int64()),
            ("seen_at", pa.int64()),
            ("file", pa.int32()),
            ("place", pa.int64()),
        )
    ]
)

Reject = Callable[[int, Reason, bytes], None]  # takes a row that cannot be used: number of its file, why, as written


def rejecting(log: RejectLog, files: Sequence[InputFile]) -> Reject:
    """What logs rows as rejects. files: those of the numbers."""
    return lambda number, reason, raw: log.add(ACCOUNTS.name, files[number].path, reason, raw)


class OddDates(NamedTuple):
    """How many values of a column are neither blank nor a date, and the first of them."""

    rows: int
    example: str


@dataclass
class RowsRead:
    """What was seen in some rows, whatever becomes of them.

    undecoded_names: usable rows whose name has bytes that could not be decoded. odd_dates: of usable rows, by column.
    """

    rows: int = 0
    undecoded_names: int = 0
    odd_dates: dict[str, OddDates] = field(default_factory=dict)
    quotes: Evidence = NO_EVIDENCE

    @classmethod
    def total(cls, parts: Iterable[RowsRead]) -> Self:
        """The sum, of parts in the order of their rows."""
        total = cls()
        for part in parts:
            total.rows += part.rows
            total.undecoded_names += part.undecoded_names
            total.quotes += part.quotes
            for column, odd in part.odd_dates.items():
                total.add_odd(column, odd)
        return total

    def add_odd(self, column: str, odd: OddDates) -> None:
        """Add dates that come after those so far."""
        known = self.odd_dates.get(column, OddDates(0, odd.example))
        self.odd_dates = dict(sorted({**self.odd_dates, column: known._replace(rows=known.rows + odd.rows)}.items()))


@dataclass(frozen=True)
class RowReader:
    """Reads rows. endings: see cleaned_names. longest: characters of a name that is used.

    Bytes of an id that are not UTF-8 are escaped (\\xNN); for names see names.py.
    """

    files: Sequence[InputFile]
    endings: tuple[str, ...] = ()
    longest: int = 256

    def read(self, number: int, reject: Reject, seen: RowsRead, part: Part = WHOLE) -> Iterator[pa.RecordBatch]:
        """The usable rows of a part of a file, as ROWS. The others go to `reject`; what is seen is added to `seen`.

        Raises UsageError as read_rows does.
        """
        for batch in read_rows(self.files[number], ACCOUNTS, part):
            yield self._usable(number, batch, reject, seen)

    def _usable(self, number: int, batch: RowBatch, reject: Reject, seen: RowsRead) -> pa.RecordBatch:
        file = self.files[number]
        seen.rows += len(batch) + len(batch.malformed)
        seen.quotes += Evidence.of(batch, file.dialect.quoting)
        for _, raw in batch.malformed:
            reject(number, Reason.FIELDS, raw)
        names = cleaned_names(batch["screen_name"], self.endings)
        no_id, no_name, too_long = are_blank(*batch["id"]), are_blank(*names), are_longer(names, self.longest)
        unusable = no_id | no_name | too_long
        for i in np.flatnonzero(unusable).tolist():
            of_name = Reason.NO_SCREEN_NAME if no_name[i] else Reason.LONG_SCREEN_NAME
            reject(number, Reason.NO_ID if no_id[i] else of_name, batch.raw(i))
        rows = np.flatnonzero(~unusable)
        seen.undecoded_names += count_undecoded(names.take(rows))
        columns = [
            _escaped(batch["id"].take(rows)),
            _strings(names.take(rows)),
            pa.array(_times(batch, "created_at", rows, seen, day_first=file.day_first)),
            pa.array(_times(batch, "seen_at", rows, seen, day_first=file.day_first)),
            pa.array(np.full(len(rows), number, np.int32)),
            pa.array(batch.place[rows]),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=ROWS)


def reject_conflicts(files: Sequence[InputFile], file: npt.NDArray[np.int32], place: Places, reject: Reject) -> None:
    """Read rows again whose numbers of files and places are given, in any order, and reject them as conflicts."""
    for number in np.unique(file).tolist():
        for row in fetch_rows(files[number], np.sort(place[file == number]), ACCOUNTS):
            reject(number, Reason.CONFLICT, row.raw)


def _times(batch: RowBatch, column: str, rows: Places, seen: RowsRead, *, day_first: bool) -> Places:
    dates = batch[column].take(rows)
    times = parse_timestamps(*dates, day_first=day_first)
    odd = np.flatnonzero((times == NULL_TIME) & ~are_blank(*dates))
    if len(odd):
        seen.add_odd(column, OddDates(len(odd), dates.take(odd[:1]).texts()[0]))
    return times


def _escaped(column: Column) -> pa.LargeStringArray:
    """The values, with every byte that is not UTF-8 escaped."""
    strings = _strings(column)
    try:
        strings.validate(full=True)
    except pa.ArrowInvalid:
        return pa.array(column.texts(), pa.large_string())
    return strings


def _strings(column: Column) -> pa.LargeStringArray:
    return large_strings(*pack_values(*column))

"""Reading the accounts: every row used, collapsed or rejected, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.inputs.accounts.names import are_longer, cleaned_names, count_undecoded
from jobs.inputs.accounts.resolve import Strings, resolve
from jobs.inputs.accounts.table import AccountTable, EarlierNames
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.rows import fetch_rows, read_rows
from jobs.inputs.tables import ACCOUNTS, Column, InputFile, RowBatch
from jobs.inputs.text.evidence import NO_EVIDENCE, Evidence
from lookalike.strings.values import Places, Scalar, are_blank, pack_values


@dataclass(frozen=True)
class AccountCounts:
    """What became of the rows: rows == used + duplicates + earlier_names + the sum of rejected.

    earlier_names: rows with another name than the one that is used of their account; see resolve. unreadable_dates:
    rows whose created_at is neither blank nor a date; they are used without it. undecoded_names: used or duplicate
    rows whose name has bytes that could not be decoded.
    """

    rows: int
    used: int
    duplicates: int
    earlier_names: int
    rejected: dict[Reason, int]
    unreadable_dates: int
    undecoded_names: int


@dataclass(frozen=True)
class NamesOverTime:
    """n names of accounts, ordered by id and name; first, last, rows: as in resolve.SeenNames."""

    ids: pa.LargeStringArray
    screen_names: pa.LargeStringArray
    first: Places
    last: Places
    rows: Places


class OddDates(NamedTuple):
    """How many values of a column are neither blank nor a date, and the first of them."""

    rows: int
    example: str


@dataclass(frozen=True)
class AccountsRead:
    """The accounts, the count of the rows that they come from, and what the quotes in these tell.

    names: all names of the accounts that have several. odd_dates: of each column with dates that cannot be read.
    """

    table: AccountTable
    names: NamesOverTime
    odd_dates: dict[str, OddDates]
    counts: AccountCounts
    quotes: Evidence


def read_accounts(
    files: Sequence[InputFile],
    *,
    fold: Literal["none", "case"],
    rejects: RejectLog,
    endings: tuple[str, ...] = (),
    all_names: bool = False,
    longest: int = 256,
) -> AccountsRead:
    """Read and de-duplicate the accounts of all files; rows that cannot be used go to `rejects`.

    Which row of an account is used says resolve.resolve; rows with the same name and another created_at are rejected.
    longest: characters of a name that is used. Bytes of an id that are not UTF-8 are escaped (\\xNN) first; for names
    see names.py. Raises UsageError as read_rows does.
    """
    gathered = _Gathered(endings, longest)
    for number, file in enumerate(files):
        for batch in read_rows(file, ACCOUNTS):
            gathered.add(number, file, batch, rejects)
    ids, names, created, seen, file_of, place = gathered.take()
    resolved = resolve(ids, names, created, seen)
    if len(resolved.conflicts):
        _reject_conflicts(files, file_of[resolved.conflicts], place[resolved.conflicts], rejects)
        gathered.rejected[Reason.CONFLICT] = len(resolved.conflicts)
    found = resolved.names
    over_time = NamesOverTime(
        _strings(ids.take(found.row)), _strings(names.take(found.row)), found.first, found.last, found.rows
    )
    # Each column is given up as soon as it is in order: a large table is in memory once, not twice.
    del file_of, place, seen
    kept = resolved.used
    created = created[kept]
    ordered_ids = _strings(ids.take(kept))
    del ids
    ordered_names = _strings(names.take(kept))
    del names
    earlier = _earlier(over_time, ordered_ids, ordered_names) if all_names else None
    table = AccountTable.build(ordered_ids, ordered_names, created, fold=fold, earlier=earlier)
    counts = AccountCounts(
        rows=gathered.rows,
        used=len(kept),
        duplicates=resolved.duplicates,
        earlier_names=resolved.earlier,
        rejected=gathered.rejected,
        unreadable_dates=gathered.odd_dates["created_at"].rows if "created_at" in gathered.odd_dates else 0,
        undecoded_names=gathered.undecoded_names,
    )
    accounted = counts.used + counts.duplicates + counts.earlier_names + sum(counts.rejected.values())
    if counts.rows != accounted:
        raise RuntimeError(f"the counts of the accounts' rows do not reconcile: {counts}")
    return AccountsRead(table, over_time, gathered.odd_dates, counts, gathered.quotes)


def _earlier(over_time: NamesOverTime, ids: pa.LargeStringArray, used: pa.LargeStringArray) -> EarlierNames:
    """The names over time but those that are used. ids, used: of all accounts, in the order of ids."""
    owner = pc.index_in(over_time.ids, value_set=ids)
    others = pc.not_equal(over_time.screen_names, used.take(owner))
    return EarlierNames(owner.filter(others).to_numpy().astype(np.uint32), over_time.screen_names.filter(others))


@dataclass
class _Gathered:
    """The usable rows so far, a part a batch, and the counts of all rows."""

    endings: tuple[str, ...]
    longest: int
    rows: int = 0
    undecoded_names: int = 0
    odd_dates: dict[str, OddDates] = field(default_factory=dict)
    rejected: dict[Reason, int] = field(default_factory=dict)
    quotes: Evidence = NO_EVIDENCE
    _ids: list[Strings] = field(default_factory=list)
    _names: list[Strings] = field(default_factory=list)
    _created: list[Places] = field(default_factory=list)
    _seen: list[Places] = field(default_factory=list)
    _file: list[npt.NDArray[np.int32]] = field(default_factory=list)
    _place: list[Places] = field(default_factory=list)

    def add(self, number: int, file: InputFile, batch: RowBatch, rejects: RejectLog) -> None:
        self.rows += len(batch) + len(batch.malformed)
        self.quotes += Evidence.of(batch, file.dialect.quoting)
        for _, raw in batch.malformed:
            self._reject(file, Reason.FIELDS, raw, rejects)
        names = cleaned_names(batch["screen_name"], self.endings)
        no_id, no_name, too_long = are_blank(*batch["id"]), are_blank(*names), are_longer(names, self.longest)
        unusable = no_id | no_name | too_long
        for i in np.flatnonzero(unusable).tolist():
            of_name = Reason.NO_SCREEN_NAME if no_name[i] else Reason.LONG_SCREEN_NAME
            self._reject(file, Reason.NO_ID if no_id[i] else of_name, batch.raw(i), rejects)
        rows = np.flatnonzero(~unusable)
        self._ids.append(_text(batch["id"], rows))
        self.undecoded_names += count_undecoded(names.take(rows))
        self._names.append(Strings(*pack_values(*names.take(rows))))
        self._created.append(self._times(batch, "created_at", rows, day_first=file.day_first))
        self._seen.append(self._times(batch, "seen_at", rows, day_first=file.day_first))
        self._file.append(np.full(len(rows), number, np.int32))
        self._place.append(batch.place[rows])

    def _times(self, batch: RowBatch, column: str, rows: Places, *, day_first: bool) -> Places:
        dates = batch[column].take(rows)
        times = parse_timestamps(*dates, day_first=day_first)
        odd = np.flatnonzero((times == NULL_TIME) & ~are_blank(*dates))
        if len(odd):
            known = self.odd_dates.get(column) or OddDates(0, dates.take(odd[:1]).texts()[0])
            self.odd_dates[column] = known._replace(rows=known.rows + len(odd))
        return times

    def _reject(self, file: InputFile, reason: Reason, raw: bytes, rejects: RejectLog) -> None:
        self.rejected[reason] = self.rejected.get(reason, 0) + 1
        rejects.add(ACCOUNTS.name, file.path, reason, raw)

    def take(self) -> tuple[Strings, Strings, Places, Places, npt.NDArray[np.int32], Places]:
        """Ids, screen names, created, seen, file and place of all usable rows; the parts are given up one by one."""
        return (
            _concatenated(self._ids),
            _concatenated(self._names),
            _joined(self._created, np.int64),
            _joined(self._seen, np.int64),
            _joined(self._file, np.int32),
            _joined(self._place, np.int64),
        )


def _joined(parts: list[npt.NDArray[Scalar]], kind: type[Scalar]) -> npt.NDArray[Scalar]:
    joined = np.concatenate([np.zeros(0, kind), *parts])
    parts.clear()
    return joined


def _text(column: Column, rows: Places) -> Strings:
    """The chosen values, with every byte that is not UTF-8 escaped."""
    packed, offsets = pack_values(column.buffer, column.start[rows], column.end[rows])
    strings = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(rows), [None, pa.py_buffer(offsets), pa.py_buffer(packed)]
    )
    try:
        strings.cast(pa.large_string())
    except pa.ArrowInvalid:
        texts = [value.decode("utf-8", "backslashreplace").encode() for value in strings.to_pylist()]
        packed = np.frombuffer(b"".join(texts), np.uint8)
        np.cumsum([len(text) for text in texts], out=offsets[1:])
    return Strings(packed, offsets)


def _concatenated(parts: list[Strings]) -> Strings:
    offsets = np.zeros(1 + sum(len(part.offsets) - 1 for part in parts), np.int64)
    at = 0
    for part in parts:
        count = len(part.offsets) - 1
        offsets[at + 1 : at + count + 1] = part.offsets[1:] + offsets[at]
        at += count
    packed = _joined([part.packed for part in parts], np.uint8)
    parts.clear()
    return Strings(packed, offsets)


def _reject_conflicts(
    files: Sequence[InputFile], file_of: npt.NDArray[np.int32], place: Places, rejects: RejectLog
) -> None:
    for number in np.unique(file_of).tolist():
        file = files[number]
        for row in fetch_rows(file, np.sort(place[file_of == number]), ACCOUNTS):
            rejects.add(ACCOUNTS.name, file.path, Reason.CONFLICT, row.raw)


def _strings(values: Strings) -> pa.LargeStringArray:
    buffers = [pa.py_buffer(values.offsets), pa.py_buffer(values.packed)]
    return pa.LargeStringArray.from_buffers(len(values.offsets) - 1, *buffers)

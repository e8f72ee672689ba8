"""Telling how the fields of text files are quoted: by their heads, and by all rows once they are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np

from jobs.inputs.columns import find_columns
from jobs.inputs.reading import Reading
from jobs.inputs.tables import Column, Dialect, InputFile, Quoting, RowBatch, Table
from jobs.inputs.text.header import read_header
from jobs.inputs.text.quotes import (
    DOUBLED,
    ENCLOSED,
    ESCAPED,
    ESCAPES,
    LITERAL,
    MANY_LINES,
    OPENED,
    QUOTE,
    SWALLOWED,
    Tally,
    escaped_outside,
    kind_of,
    no_tally,
)
from jobs.inputs.text.scanner import room, scan_quoted, scan_raw
from lookalike.errors import UsageError
from lookalike.strings.values import frozen

QUOTINGS: Final[tuple[Quoting, ...]] = ("none", "rfc4180", "backslash")  # of equally good ones the first is taken
_UNFINISHED_TAIL: Final = 1 << 16  # bytes that the sample's last row may reasonably have lost
_LINE_FEED: Final = b"\n"

Outcome = TypeVar("Outcome")
_NAME: Final = "screen_name"
_SHOWN: Final = 200  # characters of a row
_ENOUGH: Final = 3  # values, all in quotes, that tell of a writer that quotes all of a column


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What the quotes of some rows tell.

    doubled, escaped: fields that only a writer has a reason to write which quotes and doubles inner quotes, or puts
    a backslash before them. literal: fields that no writer that quotes can have written. quoted: fields that were
    read as quoted. many_lines: rows read as quoted that go over several lines. swallowed: those of them of which each
    line looks like a row. example: a row that contradicts the reading.
    """

    doubled: int = 0
    escaped: int = 0
    literal: int = 0
    quoted: int = 0
    many_lines: int = 0
    swallowed: int = 0
    example: str | None = None

    @classmethod
    def of(cls, rows: RowBatch, quoting: Quoting) -> Evidence:
        """What the rows of a batch tell that were read so."""
        tally, names = rows.quotes, _escaped_names(rows, quoting)[0]
        if not tally.any() and not names:
            return cls()
        fields, malformed = tally[:-1], tally[-1]
        if quoting != "none":
            escaped = int(malformed[ESCAPED]) + names
            found = cls(
                escaped=escaped,
                literal=int(malformed[LITERAL]),
                quoted=int(fields[:, ENCLOSED].sum()),
                many_lines=int(malformed[MANY_LINES]),
                swallowed=int(malformed[SWALLOWED]),
            )
        else:
            plain = [name not in rows.table.free_text for name in rows.table.columns]
            found = cls(
                doubled=int(fields[:, DOUBLED].sum() + fields[plain, ENCLOSED].sum() + malformed[OPENED]),
                escaped=int(fields[:, ESCAPED].sum()) + names,
                literal=int(fields[:, [LITERAL, OPENED]].sum()),
            )
        return dataclasses.replace(found, example=found._example(rows, quoting))

    def _example(self, rows: RowBatch, quoting: Quoting) -> str | None:
        if self.reading_instead_of(quoting) is None:
            return None
        telling = [] if quoting != "none" else [_first_quoted(column) for column in rows.columns]
        telling.append(_escaped_names(rows, quoting)[1])
        found = min((row for row in telling if row is not None), default=None)
        row = rows.raw(found) if found is not None else rows.malformed[0][1] if rows.malformed else b""
        return row.decode("utf-8", "backslashreplace")

    def reading_instead_of(self, quoting: Quoting) -> Quoting | None:
        """The reading that explains the rows better; None if there is none."""
        if quoting == "none":
            if self.doubled + self.escaped <= self.literal:
                return None
            return "rfc4180" if self.doubled >= self.escaped else "backslash"
        if quoting == "rfc4180" and self.escaped > self.literal:
            return "backslash"
        return "none" if self.literal + self.escaped > self.quoted else None

    def __add__(self, other: Evidence) -> Evidence:
        """The sum."""
        return Evidence(
            self.doubled + other.doubled,
            self.escaped + other.escaped,
            self.literal + other.literal,
            self.quoted + other.quoted,
            self.many_lines + other.many_lines,
            self.swallowed + other.swallowed,
            self.example if self.example is not None else other.example,
        )


NO_EVIDENCE: Final = Evidence()


class MisreadError(UsageError):
    """Rows of a table contradict how its files are read. quoting: what explains them. reason: the same in words."""

    def __init__(self, table: Table, evidence: Evidence, better: Quoting) -> None:
        """The message says what was found, and which option settles it."""
        row = (evidence.example or "")[:_SHOWN]
        super().__init__(f"{table.name}: there is a row that {_LOOKS[better]}, unlike others: {row}; see --quoting")
        self.quoting = better
        self.reason = f"a row of {table.name} {_LOOKS[better]}, unlike those before"

    def untried(self, tried: set[Quoting]) -> Quoting:
        """The better reading, if it is none of those that were tried; it becomes one. Else the error is raised."""
        if self.quoting in tried:
            raise self
        tried.add(self.quoting)
        return self.quoting


def quoting_of(files: Sequence[InputFile]) -> Quoting:
    """How the files of a table are read that have quotes at all."""
    return next((file.dialect.quoting for file in files if file.dialect.quoting != "none"), "none")


def check_evidence(table: Table, files: Sequence[InputFile], evidence: Evidence) -> None:
    """Raise MisreadError if all rows of a table together contradict the reading of its files."""
    better = evidence.reading_instead_of(quoting_of(files))
    if better is not None:
        raise MisreadError(table, evidence, better)


def read_as_rows_say(
    read: Callable[[tuple[InputFile, ...]], Outcome],
    files: tuple[InputFile, ...],
    find: Callable[[Quoting], tuple[InputFile, ...]],
) -> Outcome:
    """Read files, and again in another way as long as MisreadError says so; it is raised if no other way is left.

    find: the files, read in some way.
    """
    tried = {quoting_of(files)}
    while True:
        try:
            return read(files)
        except MisreadError as error:
            files = find(error.untried(tried))


def _escaped_names(rows: RowBatch, quoting: Quoting) -> tuple[int, int | None]:
    """How many names are not in quotes, but have backslashes before theirs, as Python's csv can write; the first one.

    Nobody's name is so. Texts may be.
    """
    if quoting == "backslash" or _NAME not in rows.table.columns:
        return 0, None
    column = rows[_NAME]
    count, first = escaped_outside(frozen(column.buffer), frozen(column.start), frozen(column.end))
    return count, first if count else None


def _first_quoted(column: Column) -> int | None:
    """The first row whose value tells of a writer that quotes."""
    begins = column.end > column.start
    begins[begins] = column.buffer[column.start[begins]] == QUOTE
    for row in np.flatnonzero(begins).tolist():
        if kind_of(column.buffer, column.start[row], column.end[row]) in (DOUBLED, ESCAPED, ENCLOSED):
            return int(row)
    return None


@dataclasses.dataclass(frozen=True)
class Judged:
    """How often the head of a file contradicts each reading; None where the columns are not found under it."""

    path: str
    contradictions: Mapping[Quoting, int | None]

    @property
    def best(self) -> Quoting:
        """The reading with fewest contradictions."""
        return _best(self.contradictions)


def _best(contradictions: Mapping[Quoting, int | None], likely: Quoting = "none") -> Quoting:
    """The reading with fewest contradictions; of equal ones the likely one, else the first of QUOTINGS."""
    possible = [
        (count, name != likely, QUOTINGS.index(name)) for name, count in contradictions.items() if count is not None
    ]
    return QUOTINGS[min(possible)[2]] if possible else "none"


def common_quoting(table: Table, heads: Sequence[Judged], likely: Quoting) -> Quoting:
    """The reading of all files of a table, with fewest contradictions in their heads together.

    likely: is taken where they leave it open. Raises UsageError if a file contradicts the reading more often than
    another one.
    """
    total: dict[Quoting, int | None] = {}
    for name in QUOTINGS:
        counts = [head.contradictions[name] for head in heads]
        total[name] = None if None in counts else sum(count or 0 for count in counts)
    chosen = _best(total, likely)
    for head in heads:
        own, common = head.contradictions[head.best], head.contradictions[chosen]
        if own is not None and (common is None or own < common):
            others = next((other.path for other in heads if other.best == chosen), None)
            beside = "" if others is None else f", {others} {_LOOKS[chosen]}"
            raise UsageError(
                f"{head.path} {_LOOKS[head.best]}{beside}; all files of {table.name} must be quoted in one way. "
                "If they are, name it: --quoting"
            )
    return chosen


_LOOKS: Final[Mapping[Quoting, str]] = {
    "none": "has fields with quotes that are part of them",
    "rfc4180": "has quoted fields",
    "backslash": "has quoted fields with backslashes before inner quotes",
}


def judge_head(path: str, head: bytes, table: Table, reading: Reading, dialect: Dialect, *, complete: bool) -> Judged:
    """Read the head of a file in every way. head: the first bytes of its text, all of them if `complete`."""
    if b'"' not in head:
        return Judged(path, dict.fromkeys(QUOTINGS, 0))
    ways = {name: dataclasses.replace(dialect, quoting=name) for name in QUOTINGS}
    return Judged(path, {name: _contradictions(head, table, reading, ways[name], complete) for name in QUOTINGS})


def _contradictions(head: bytes, table: Table, reading: Reading, dialect: Dialect, complete: bool) -> int | None:
    names, body = read_header(head, dialect, reading.skip_lines)
    try:
        found = find_columns(table, names, reading.columns)
    except ValueError:
        return None
    places = dict(zip(table.columns, found, strict=True))
    if table.missing(lambda name: places[name] is not None) is not None:
        return None
    sample = head[body:]
    if not complete:
        sample = _whole_rows(sample, len(names), dialect)
    told = sum(len(name) > 1 and name[0] == name[-1] == '"' for name in names)  # all of it: the header alone tells
    return told + contradictions_in(sample, len(names), _never_quoted(table, found), dialect)


def _never_quoted(table: Table, places: Sequence[int | None]) -> frozenset[int]:
    """The columns of a file whose values have no quotes of their own around them."""
    columns = zip(table.columns, places, strict=True)
    return frozenset(place for name, place in columns if place is not None and name not in table.free_text)


def _whole_rows(sample: bytes, fields: int, dialect: Dialect) -> bytes:
    """The sample without the row that it cuts: as a quoted one if it can be a row, else its last line."""
    if dialect.quoting == "none":
        dialect = dataclasses.replace(dialect, quoting="rfc4180")
    end = _Scan(sample, fields, dialect, final=False).end
    if len(sample) - end <= _UNFINISHED_TAIL:
        return sample[:end]
    return sample[: sample.rfind(_LINE_FEED) + 1]


def contradictions_in(sample: bytes, fields: int, never_quoted: frozenset[int], dialect: Dialect) -> int:
    """Malformed rows of the sample under a reading, and fields that only another reading explains.

    fields: of a row. never_quoted: columns whose values have no quotes of their own around them; others may.
    """
    whole = sample if sample.endswith(_LINE_FEED) else sample + _LINE_FEED
    scan = _Scan(whole, fields, dialect, final=True)
    if dialect.quoting != "none":
        swallowed, many = scan.tally[-1, SWALLOWED], scan.tally[-1, MANY_LINES]
        return scan.malformed + (int(swallowed) if 2 * swallowed > many else 0)
    enclosed = scan.tally[:-1, ENCLOSED]
    telling = (enclosed >= _ENOUGH) & (enclosed == scan.filled)
    telling[list(never_quoted)] = True
    return scan.malformed + int(scan.tally[:-1, [DOUBLED, ESCAPED]].sum() + enclosed[telling].sum())


class _Scan:
    """A sample read: its malformed rows, where its last complete row ends, and what is in each field.

    tally: see quotes.no_tally. filled int64[fields]: values that are not empty.
    """

    def __init__(self, sample: bytes, fields: int, dialect: Dialect, *, final: bool) -> None:
        buffer = np.frombuffer(bytearray(sample), np.uint8)
        side = buffer.copy()
        slots = np.arange(fields)
        self.malformed, self.end = 0, 0
        self.tally: Tally = no_tally(fields)
        self.filled = np.zeros(fields, np.int64)
        while True:
            found = room(fields, 1 << 12)
            size = len(buffer)
            if dialect.quoting == "none":
                rows, bad, self.end = scan_raw(buffer, self.end, size, size, dialect.delimiter, slots, found)
            else:
                escape = ESCAPES[dialect.quoting]
                rows, bad, self.end = scan_quoted(
                    buffer, self.end, size, size, dialect.delimiter, escape, slots, found, side, final
                )
            self.malformed += bad
            self.tally += found.quotes
            self.filled += (found.end[:, :rows] > found.start[:, :rows]).sum(axis=1)
            if max(rows, bad) < found.row.shape[1]:
                return

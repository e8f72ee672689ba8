"""What the quotes in all rows of a table tell of how its files are quoted, once the rows are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np

from jobs.inputs.tables import Column, InputFile, Quoting, RowBatch, Table
from jobs.inputs.text.quotes import (
    DOUBLED,
    ENCLOSED,
    ESCAPED,
    LITERAL,
    MANY_LINES,
    OPENED,
    QUOTE,
    SWALLOWED,
    escaped_outside,
    kind_of,
)
from lookalike.errors import UsageError
from lookalike.strings.values import frozen

Outcome = TypeVar("Outcome")
_NAME: Final = "screen_name"
_SHOWN: Final = 200  # characters of a row

LOOKS: Final[Mapping[Quoting, str]] = {
    "none": "has fields with quotes that are part of them",
    "rfc4180": "has quoted fields",
    "backslash": "has quoted fields with backslashes before inner quotes",
}


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What the quotes of some rows tell.

    doubled, escaped: fields that only a writer has a reason to write which quotes and doubles inner quotes, or puts
    a backslash before them. parts: of these, malformed rows that look like parts of quoted ones. literal: fields that
    no writer that quotes can have written. quoted: fields that were read as quoted. many_lines: rows read as quoted
    that go over several lines. swallowed: those of them of which each line looks like a row. example: a row that
    contradicts the reading.
    """

    doubled: int = 0
    escaped: int = 0
    parts: int = 0
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
                escaped=int(fields[:, ESCAPED].sum() + malformed[ESCAPED]) + names,
                parts=int(malformed[OPENED] + malformed[ESCAPED]),
                literal=int(fields[:, [LITERAL, OPENED]].sum()),
            )
        contradicts = found.reading_instead_of(quoting) is not None
        return dataclasses.replace(found, example=_example(rows, quoting)) if contradicts else found

    def reading_instead_of(self, quoting: Quoting) -> Quoting | None:
        """The reading that explains the rows better; None if there is none."""
        if quoting == "none":
            # The first line of a quoted row may have the right number of fields, and then looks literal: one for one.
            if self.doubled + self.escaped < self.literal + (not self.parts):
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
            self.parts + other.parts,
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
        super().__init__(f"{table.name}: there is a row that {LOOKS[better]}, unlike others: {row}; see --quoting")
        self.quoting = better
        self.reason = f"a row of {table.name} {LOOKS[better]}, unlike those before"

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


def _example(rows: RowBatch, quoting: Quoting) -> str:
    """A row that tells of another reading."""
    telling = [] if quoting != "none" else [_first_quoted(column) for column in rows.columns]
    telling.append(_escaped_names(rows, quoting)[1])
    found = min((row for row in telling if row is not None), default=None)
    row = rows.raw(found) if found is not None else rows.malformed[0][1] if rows.malformed else b""
    return row.decode("utf-8", "backslashreplace")


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

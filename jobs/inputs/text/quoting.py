"""Telling how the fields of text files are quoted, by their heads. For all rows see evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from jobs.inputs.columns import find_columns
from jobs.inputs.reading import Reading
from jobs.inputs.tables import Dialect, Quoting, Table
from jobs.inputs.text.evidence import LOOKS
from jobs.inputs.text.found import room
from jobs.inputs.text.header import read_header
from jobs.inputs.text.quotedrows import scan_quoted
from jobs.inputs.text.quotes import (
    DOUBLED,
    ENCLOSED,
    ESCAPED,
    ESCAPES,
    MANY_LINES,
    SWALLOWED,
    Tally,
    no_tally,
)
from jobs.inputs.text.rawrows import scan_raw
from lookalike.errors import UsageError
from lookalike.strings.compiler import is_interpreting

QUOTINGS: Final[tuple[Quoting, ...]] = ("none", "rfc4180", "backslash")  # of equally good ones the first is taken
_UNFINISHED_TAIL: Final = 1 << 16  # bytes that the sample's last row may reasonably have lost
_INTERPRETED: Final = 1 << 14  # bytes of a sample that --inspect looks at, which is to be fast
_LINE_FEED: Final = b"\n"

_ENOUGH: Final = 3  # values, all in quotes, that tell of a writer that quotes all of a column


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
            beside = "" if others is None else f", {others} {LOOKS[chosen]}"
            raise UsageError(
                f"{head.path} {LOOKS[head.best]}{beside}; all files of {table.name} must be quoted in one way. "
                "If they are, name it: --quoting"
            )
    return chosen


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
    if is_interpreting() and len(sample) > _INTERPRETED:
        first = sample.rfind(_LINE_FEED, 0, max(0, sample.find(b'"'))) + 1  # rows before tell nothing
        sample, complete = sample[first : first + _INTERPRETED], False
    scan = _Scan.of_head(sample, len(names), dialect, complete=complete)
    told = sum(len(name) > 1 and name[0] == name[-1] == '"' for name in names)  # all of it: the header alone tells
    return told + _contradictions_in(scan, _never_quoted(table, found), dialect.quoting)


def _never_quoted(table: Table, places: Sequence[int | None]) -> frozenset[int]:
    """The columns of a file whose values have no quotes of their own around them."""
    columns = zip(table.columns, places, strict=True)
    return frozenset(place for name, place in columns if place is not None and name not in table.free_text)


def _contradictions_in(scan: _Scan, never_quoted: frozenset[int], quoting: Quoting) -> int:
    """Malformed rows under a reading, and fields that only another reading explains.

    never_quoted: columns whose values have no quotes of their own around them; others may.
    """
    if quoting != "none":
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

    @classmethod
    def of_head(cls, sample: bytes, fields: int, dialect: Dialect, *, complete: bool) -> _Scan:
        """Without the row that the sample cuts: as a quoted one if it can be a row, else its last line."""
        if complete:
            return cls(sample.removesuffix(_LINE_FEED) + _LINE_FEED, fields, dialect, final=True)
        quoted = dialect if dialect.quoting != "none" else dataclasses.replace(dialect, quoting="rfc4180")
        scan = cls(sample, fields, quoted, final=False)
        if len(sample) - scan.end > min(_UNFINISHED_TAIL, len(sample) // 4):
            return cls(sample[: sample.rfind(_LINE_FEED) + 1], fields, dialect, final=True)
        return scan if dialect is quoted else cls(sample[: scan.end], fields, dialect, final=True)

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

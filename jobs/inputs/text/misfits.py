"""Delimited text that looks like a table, but of which no row can be used: what is wrong, and what to do."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Sequence
from typing import Final

from jobs.inputs.columns import find_columns, has_columns
from jobs.inputs.reading import DELIMITERS, Reading
from jobs.inputs.tables import Dialect, Table
from jobs.inputs.text.header import read_header, split_fields
from lookalike.errors import UsageError

_ENOUGH: Final = 3  # rows; fewer may be broken ones
_COLUMNS: Final = 2  # of a table, that tell of a header


def refuse_longer_rows(
    path: str, content: bytes, table: Table, reading: Reading, ways: Sequence[Dialect], *, complete: bool
) -> None:
    """Raise UsageError if all rows have one field more than the header, which has the columns of the table.

    ways: in which the file may be written; all must agree. content: the first bytes of the text, all of them if
    `complete`. Fewer than three rows count if they are numbered, as R does it.
    """
    found = [_longer_rows(content, table, reading, dialect, complete=complete) for dialect in ways]
    if None not in found and any(found):
        raise UsageError(f"{path}: {next(filter(None, found))}")


def _longer_rows(content: bytes, table: Table, reading: Reading, dialect: Dialect, *, complete: bool) -> str | None:
    """What to do if all rows have one field more than the header; "" if too few tell, None if one fits."""
    names, body = read_header(content, dialect, reading.skip_lines)
    if not has_columns(table, names, reading):
        return ""
    end = len(content) if complete else content.rfind(b"\n") + 1
    lines = (line.decode("utf-8", "backslashreplace") for line in io.BytesIO(content[body:end]))
    first, last = [], set()
    with contextlib.suppress(csv.Error):
        for row in filter(any, split_fields(lines, dialect)):
            if len(row) != len(names) + 1:
                return None
            first.append(row[0].strip('"'))
            last.add(row[-1])
    if len(first) < _ENOUGH and (not first or first != [str(1 + i) for i in range(len(first))]):
        return ""
    if last == {""}:
        delimiter = next(name for name, byte in DELIMITERS.items() if byte == dialect.delimiter)
        return f"every row ends with a {delimiter}, and the header does not; end the header with one, too"
    return (
        "every row has one field more than the header: if these are R's row names, write it with row.names = FALSE, "
        "or name the first column in the header; if a value has the delimiter in it, put it in quotes"
    )


def refuse_spaces(path: str, content: bytes, table: Table, reading: Reading, dialect: Dialect) -> None:
    """Raise UsageError if there are spaces between the columns in the header."""
    names, _ = read_header(content, Dialect(dialect.delimiter), reading.skip_lines)
    if len(names) != 1:
        return
    try:
        found = find_columns(table, names[0].split(), reading.columns)
    except ValueError:
        return
    if sum(place is not None for place in found) < _COLUMNS:
        return
    advice = "if no value has spaces in it, sed -E 's/ +/\\t/g' FILE > FILE.tsv makes them tabs"
    if '"' in names[0]:
        advice = 'write it with tabs, sep = "\\t" in R\'s write.table'
    raise UsageError(f"{path}: looks separated by spaces; {advice}")

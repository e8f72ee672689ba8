"""The header of a text file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Final

from jobs.inputs.columns import has_columns
from jobs.inputs.reading import Reading
from jobs.inputs.tables import Dialect, Table

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LINE_FEED: Final = b"\n"
_LINES_BELOW: Final = 20


def after_mark(head: bytes) -> int:
    """The offset of the first byte of a text after its byte order mark, if it has one."""
    return len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0


def read_header(head: bytes, dialect: Dialect, skip_lines: int = 0) -> tuple[list[str], int]:
    """The names of the columns and the offset of the first byte after the header's line.

    head: the first bytes of the text. The header is the first line that is not blank after so many lines; no names if
    there is none.
    """
    at = after_mark(head)
    for _ in range(skip_lines):
        end = head.find(_LINE_FEED, at)
        at = len(head) if end < 0 else end + 1
    while at < len(head):
        end = head.find(_LINE_FEED, at)
        after = len(head) if end < 0 else end + 1
        line = head[at:after].removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "backslashreplace")
        if line:
            return _names(line, dialect), after
        at = after
    return [], at


def find_header_below(content: bytes, body: int, dialect: Dialect, table: Table, reading: Reading) -> int:
    """Where the line ends that has the columns of a table, if it is one of those below the header; else 0."""
    at = body
    for _ in range(_LINES_BELOW):
        end = content.find(_LINE_FEED, at)
        if end < 0:
            return 0
        names = _names(content[at:end].removesuffix(b"\r").decode("utf-8", "backslashreplace"), dialect)
        if has_columns(table, names, reading):
            return end + 1
        at = end + 1
    return 0


def split_fields(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    """The fields of each row of some lines. Raises csv.Error where the quotes are broken."""
    delimiter = chr(dialect.delimiter)
    if dialect.quoting == "none":
        return (line.rstrip("\r\n").split(delimiter) for line in lines)
    doubled = dialect.quoting == "rfc4180"
    escape = None if doubled else "\\"
    return csv.reader(lines, delimiter=delimiter, doublequote=doubled, escapechar=escape, strict=True)


def _names(line: str, dialect: Dialect) -> list[str]:
    try:
        return next(split_fields([line], dialect))
    except csv.Error:
        return []

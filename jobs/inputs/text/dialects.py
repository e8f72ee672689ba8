"""Telling how a text file is written, by its head: encoding, line ends, delimiter."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final

from jobs.inputs.columns import find_columns
from jobs.inputs.reading import DELIMITERS, Delimiter, Reading
from jobs.inputs.tables import Dialect, Quoting, Table
from jobs.inputs.text.encodings import Recoded, encoding_by_name, find_encoding
from jobs.inputs.text.header import find_header_below, read_header

_LOOKS: Final[Mapping[int, str]] = {
    DELIMITERS["tab"]: "tab-separated",
    DELIMITERS["comma"]: "comma-separated",
    DELIMITERS["semicolon"]: "semicolon-separated",
    DELIMITERS["pipe"]: "separated by vertical bars",
}


def looks_like(dialect: Dialect) -> str:
    """What a file looks like, to end a message with."""
    return f"; the file looks {', '.join([_LOOKS[dialect.delimiter], *_beyond_utf_8(dialect)])}"


def _beyond_utf_8(dialect: Dialect) -> list[str]:
    parts = [] if dialect.encoding == "utf-8" else [f"in {dialect.encoding.upper()}"]
    return [*parts, "with carriage returns as line ends"] if dialect.returns else parts


def words_of(dialect: Dialect) -> list[str]:
    """How a delimited text is written."""
    return [_LOOKS[dialect.delimiter], *_beyond_utf_8(dialect), _QUOTED[dialect.quoting]]


_QUOTED: Final[Mapping[Quoting, str]] = {
    "none": "not quoted",
    "rfc4180": "quoted",
    "backslash": "quoted with backslashes",
}


def find_encoding_and_line_ends(head: bytes, reading: Reading) -> Dialect:
    """How the text is to be converted, as a Dialect of which only that counts. The first line tells the line ends."""
    encoding = find_encoding(head) if reading.encoding == "auto" else encoding_by_name(head, reading.encoding)
    text = recode(head, Dialect(encoding=encoding))
    first = text.find(b"\r")
    is_return = first >= 0 and text[first + 1 : first + 2] != b"\n" and text.find(b"\n", 0, first) < 0
    return Dialect(encoding=encoding, returns=is_return)


def recode(head: bytes, dialect: Dialect) -> bytes:
    """The head as open_text gives it."""
    if not dialect.is_recoded:
        return head
    return Recoded(io.BytesIO(head), dialect.encoding, returns=dialect.returns).read(2 * len(head))


def find_delimiter(head: bytes, table: Table, reading: Reading) -> Delimiter:
    """The delimiter under which the header has most columns of the table, then most columns; the first of equals.

    Where the header has none of them, the delimiter of a header that is further below.
    """
    if reading.delimiter != "auto":
        return reading.delimiter

    def columns(name: Delimiter) -> tuple[int, int]:
        return max(_columns(head, table, reading, Dialect(DELIMITERS[name], quoting)) for quoting in _HEADERS)

    found = max(DELIMITERS, key=columns)
    if columns(found)[0] == 0:
        below = (name for name in DELIMITERS if find_header_below(head, 0, Dialect(DELIMITERS[name]), table, reading))
        return next(below, found)
    return found


_HEADERS: Final[tuple[Quoting, ...]] = ("none", "rfc4180")


def _columns(head: bytes, table: Table, reading: Reading, dialect: Dialect) -> tuple[int, int]:
    """How many columns of the table the header has, and how many columns in all."""
    names, _ = read_header(head, dialect, reading.skip_lines)
    try:
        found = find_columns(table, names, reading.columns)
    except ValueError:
        found = ()
    return sum(place is not None for place in found), len(names)

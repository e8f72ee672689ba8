"""Text from data for a terminal: control characters are escaped, and columns line up."""

from __future__ import annotations

import contextlib
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence

from lookalike.errors import JobError

_CUT = "…"


def printable(text: str) -> str:
    """The text with all invisible characters escaped: control characters, line ends, marks of direction."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def count_of(number: int, one: str, many: str | None = None) -> str:
    """A number and what it counts: 1 file, 2,000 files. many: the words for several; else `one` and an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def width(text: str) -> int:
    """The columns that printable text takes: two for wide characters and most emoji, none for combining accents."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, columns: int) -> str:
    """Printable text, cut to this many columns. A cut is shown by an ellipsis."""
    if width(text) <= columns:
        return text
    kept, free = [], columns - width(_CUT)
    for character in text:
        free -= _columns(character)
        if free < 0:
            break
        kept.append(character)
    return "".join(kept) + _CUT


def table(rows: Iterable[Sequence[object]], header: Sequence[str] = (), *, widest: int = 40) -> list[str]:
    """Lines of a table; none if there are no rows.

    Numbers are aligned to the right, integers with thousands separators. Texts are made printable, and cut at
    `widest` columns.
    """
    body = [[_cell(value, widest) for value in row] for row in rows]
    if not body:
        return []
    numeric = [all(is_number for _, is_number in column) for column in zip(*body, strict=True)]
    cells = [[text for text, _ in row] for row in body]
    if header:
        cells.insert(0, list(header))
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(_padded, row, widths, numeric)).rstrip() for row in cells]


def _padded(text: str, columns: int, to_the_right: bool) -> str:
    space = " " * (columns - width(text))
    return space + text if to_the_right else text + space


def _cell(value: object, widest: int) -> tuple[str, bool]:
    """The text of a cell, and whether it is a number."""
    if isinstance(value, int):
        return f"{value:,}", True
    if isinstance(value, float):
        return f"{value:.4f}", True
    return shorten(printable(str(value)), widest), False


def print_lines(lines: Iterable[str]) -> None:
    """Print to stdout. Characters that its encoding lacks are escaped, and a closed pipe is no error.

    Raises JobError if stdout cannot be written to for another reason.
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        for line in lines:
            sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
    except OSError as error:
        # Python writes what is still buffered when the process ends.
        with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # a device
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise JobError(f"cannot write to stdout: {error.strerror}") from None

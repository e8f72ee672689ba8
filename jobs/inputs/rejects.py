"""Keeping the rows that cannot be used, with file and reason."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

from lookalike.outputs.entries import FileEntry
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import TableWriter
from lookalike.tables import CONFLICT, REJECTS, UNKNOWN_AUTHOR

EXAMPLES: Final = 3  # rows of each reason that are kept to be shown
_BATCH_ROWS: Final = 1 << 13
_BATCH_BYTES: Final = 8 << 20


class Reason(StrEnum):
    """Why a row cannot be used."""

    FIELDS = "wrong number of fields"
    NO_ID = "empty id"
    NO_AUTHOR = "empty author"
    NO_SCREEN_NAME = "empty screen name"
    LONG_SCREEN_NAME = "screen name too long"
    LONG_HASHTAG = "hashtag too long"
    CONFLICT = CONFLICT
    UNKNOWN_AUTHOR = UNKNOWN_AUTHOR


@dataclasses.dataclass(frozen=True)
class RejectedRows:
    """How many rows were rejected, and some of them as written, both by reason; the data file of all, if any."""

    counts: dict[Reason, int]
    examples: dict[str, list[str]]
    files: list[FileEntry]


class RejectLog:
    """Streams rejected rows to one data file of a snapshot; use as a context manager.

    The file comes into being with the first row and gets its name in `close`; leaving the context without
    `close` removes it. Rows are held in batches of bounded size.
    counts: rejected rows by reason. examples: of each reason the first EXAMPLES rows.
    """

    def __init__(self, output: OutputPlace, path: str) -> None:
        """Log to `path`, relative to the output folder (see layout.data_path)."""
        self._output, self._path = output, path
        self._writer: TableWriter | None = None
        self._rows: list[tuple[str, str, str, str]] = []
        self._bytes = 0
        self.counts: dict[Reason, int] = {}
        self.examples: dict[Reason, list[str]] = {}

    def add(self, source: str, file: str, reason: Reason, row: bytes) -> None:
        """Log a row of the table `source`, as written; bytes that are not UTF-8 are kept escaped."""
        text = row.decode("utf-8", "backslashreplace")
        self.counts[reason] = self.counts.get(reason, 0) + 1
        shown = self.examples.setdefault(reason, [])
        if len(shown) < EXAMPLES:
            shown.append(text)
        self._rows.append((source, file, reason.value, text))
        self._bytes += len(row)
        if len(self._rows) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._writer is None:
            self._writer = TableWriter(self._output, self._path)
        source, file, reason, row = zip(*self._rows, strict=True)
        self._writer.write(REJECTS.batch(source=source, file=file, reason=reason, row=row))
        self._rows, self._bytes = [], 0

    def close(self) -> FileEntry | None:
        """Finish the file; None if no row was rejected."""
        if self._rows:
            self._flush()
        return None if self._writer is None else self._writer.close()

    def finish(self) -> RejectedRows:
        """As close, and say what was logged."""
        entry = self.close()
        examples = {reason.value: rows for reason, rows in self.examples.items()}
        return RejectedRows(self.counts, examples, [] if entry is None else [entry])

    def __enter__(self) -> Self:
        """Return the log."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was written unless `close` was reached."""
        if self._writer is not None:
            self._writer.discard()

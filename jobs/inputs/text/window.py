"""Reading the rows of a text file, a bounded chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jobs.inputs.streams import Ahead, open_text
from jobs.inputs.tables import WHOLE, Column, InputFile, Part, RowBatch, Table
from jobs.inputs.text.found import Found, room
from jobs.inputs.text.quotedrows import scan_quoted
from jobs.inputs.text.quotes import BACKSLASH, ESCAPES, no_tally
from jobs.inputs.text.rawrows import scan_raw
from jobs.inputs.text.search import find_byte, find_row_end, quotes_in

LONGEST_ROW: Final = 64 << 20  # bytes; a longer one is malformed
SHOWN_OF_LONG_ROW: Final = 1 << 10  # bytes kept of such a row
NO_ROW: Final = -1
FINISHING: Final = 64 << 10  # bytes read beyond a split to finish its last row
_LINE_FEED: Final = 10
_MOST_BACKSLASHES: Final = 1 << 10
_SMALLEST_ROW: Final = 32  # bytes; a batch of smaller rows is cut short, nothing more


def read_part(file: InputFile, part: Part, table: Table) -> Iterator[RowBatch]:
    """The rows of a part of a text file."""
    with open_text(file, Ahead([(max(0, part.start - 1), part.end + FINISHING)], part.chunk_bytes)) as stream:
        rows = _Rows(file, table, stream, part.chunk_bytes)
        if part.start <= file.body:
            rows.skip_header()
        else:
            rows.seek_row(part.start, inside=part.inside)
        yield from rows.until(part.end, part.borders)


def fetch_places(file: InputFile, places: npt.NDArray[np.int64], table: Table) -> Iterator[RowBatch]:
    """The well-formed rows that begin at some places of a file that can be sought in."""
    with open_text(file, Ahead([])) as stream:
        for place in places.tolist():
            rows = _Rows(file, table, stream, FINISHING)
            rows.seek(place)
            yield from rows.until(place + 1)


def count_quotes(file: InputFile, start: int, end: int) -> int:
    """The quotes in [start - 1, end - 1) of a quoted file, or from its body on, that are no part of a value."""
    escape = ESCAPES[file.dialect.quoting]
    quotes, at, last = 0, max(start - 1, file.body), min(end - 1, file.size)
    with open_text(file, Ahead([(at, last)])) as stream:
        while at < last:
            at += escape == BACKSLASH and _is_escaped(stream, at, file.body)
            stream.seek(at)
            content = stream.read(min(WHOLE.chunk_bytes, last - at))
            if not content:
                break
            at += len(content)
            quotes += quotes_in(np.frombuffer(content, np.uint8), escape)
    return quotes


def _is_escaped(stream: Any, place: int, body: int) -> bool:
    """Whether the byte at a place has an odd number of backslashes before it, as far as so many can be seen."""
    first = max(body, place - _MOST_BACKSLASHES)
    stream.seek(first)
    before = stream.read(place - first)
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1


class _Rows:
    """A window of a stream: `buffer` holds its bytes from `offset`, of which the first `at` are done with."""

    def __init__(self, file: InputFile, table: Table, stream: Any, chunk_bytes: int) -> None:
        self._file, self._stream, self._chunk_bytes = file, stream, chunk_bytes
        self._table = table
        self._slots = np.full(file.fields, -1, np.int64)
        self._present = sorted({position for position in file.columns if position >= 0})  # two may be the same
        self._slots[self._present] = np.arange(len(self._present))
        self._buffer = np.empty(0, np.uint8)
        self._offset, self._at = 0, 0
        self._at_end = False  # of the stream
        self._between_rows = True  # else `at` is inside a row that belongs to another split or is too long
        self._inside = False  # of quotes, where `at` is inside a row of another split

    def skip_header(self) -> None:
        if self._file.can_seek:
            self.seek(self._file.body)
            return
        self._stream.read(self._file.body)
        self._offset = self._file.body

    def seek(self, place: int) -> None:
        self._stream.seek(place)
        self._offset = place

    def seek_row(self, start: int, *, inside: bool) -> None:
        """Go to the first row that begins at or after byte `start`: after the line feed from start - 1 on."""
        quoting = self._file.dialect.quoting
        escaped = quoting == "backslash" and _is_escaped(self._stream, start - 1, self._file.body)
        self.seek(start if escaped else start - 1)
        self._between_rows, self._inside = False, inside

    def until(self, end: int, borders: list[int] | None = None) -> Iterator[RowBatch]:
        """The rows that begin before byte `end`. borders: see Part."""
        seen: list[int] = [] if borders is None else borders
        yield from self._until(end, seen)
        if borders is not None:
            borders[:] = [seen[0] if seen else NO_ROW, self._offset + self._at]

    def _until(self, end: int, borders: list[int]) -> Iterator[RowBatch]:
        while True:
            if not self._between_rows:
                self._skip_line()
            if self._between_rows and not borders:
                borders.append(self._offset + self._at)
            if self._between_rows and self._at < len(self._buffer):
                yield from self._scan(min(len(self._buffer), end - self._offset))
            if self._offset + self._at >= end or self._at_end:
                return
            if self._between_rows and len(self._buffer) - self._at >= LONGEST_ROW:
                yield from self._give_up_row()
                continue
            self._fill(end)

    def _fill(self, end: int) -> None:
        """Move what is left to a new buffer and read on, at least as much again as is left."""
        left = self._buffer[self._at :]
        self._offset += self._at
        self._at = 0
        wanted = max(0, end - self._offset - len(left)) + FINISHING
        wanted = max(min(self._chunk_bytes, wanted), len(left))
        buffer = np.empty(len(left) + wanted + 1, np.uint8)
        buffer[: len(left)] = left
        filled = len(left)
        while filled < len(buffer) - 1 and not self._at_end:
            count = self._stream.readinto(buffer[filled:-1])
            filled += count
            self._at_end = count == 0
        if self._at_end and filled and buffer[filled - 1] != _LINE_FEED:
            buffer[filled] = _LINE_FEED  # the last line may lack it
            filled += 1
        self._buffer = buffer[:filled]

    def _skip_line(self) -> None:
        escape = ESCAPES.get(self._file.dialect.quoting)
        if escape is None:
            place = find_byte(self._buffer, self._at, len(self._buffer), _LINE_FEED)
        else:
            place, self._inside = find_row_end(self._buffer, self._at, len(self._buffer), escape, self._inside)
        self._between_rows = place < len(self._buffer)
        self._at = place + 1 if self._between_rows else place

    def _give_up_row(self) -> Iterator[RowBatch]:
        """Get past a row longer than LONGEST_ROW: past its first line if only its quotes do not close."""
        at = self._at
        yield from self._scan(at + 1, final=True)
        if self._at == at:
            shown = self._buffer[at : at + SHOWN_OF_LONG_ROW].tobytes()
            yield self._batch(room(len(self._present), 0), 0, [(self._offset + at, shown)], self._buffer)
            self._between_rows = False

    def _scan(self, stop: int, *, final: bool = False) -> Iterator[RowBatch]:
        """The complete rows that begin before byte `stop` of the buffer."""
        buffer, limit = self._buffer, len(self._buffer)
        delimiter, escape = self._file.dialect.delimiter, ESCAPES.get(self._file.dialect.quoting)
        side = buffer if escape is None else buffer.copy()
        capacity = 1024 + self._chunk_bytes // _SMALLEST_ROW
        while True:
            found = room(len(self._present), capacity)
            if escape is None:
                rows, bad, self._at = scan_raw(buffer, self._at, limit, stop, delimiter, self._slots, found)
            else:
                final = final or self._at_end
                rows, bad, self._at = scan_quoted(
                    buffer, self._at, limit, stop, delimiter, escape, self._slots, found, side, final
                )
            if rows or bad:
                malformed = [
                    (self._offset + first, buffer[first:last].tobytes())
                    for first, last in found.malformed[:, :bad].T.tolist()
                ]
                yield self._batch(found, rows, malformed, side)
            if max(rows, bad) < capacity:
                return

    def _batch(
        self, found: Found, rows: int, malformed: list[tuple[int, bytes]], values: npt.NDArray[np.uint8]
    ) -> RowBatch:
        nothing = np.zeros(rows, np.int64)
        slots = [int(self._slots[position]) if position >= 0 else None for position in self._file.columns]
        columns = tuple(
            Column(values, nothing, nothing)
            if slot is None
            else Column(values, found.start[slot, :rows], found.end[slot, :rows])
            for slot in slots
        )
        written = Column(self._buffer, found.row[0, :rows], found.row[1, :rows])
        quotes = no_tally(len(columns))
        for column, slot in enumerate(slots):
            if slot is not None:
                quotes[column] = found.quotes[slot]
        quotes[-1] = found.quotes[-1]
        return RowBatch(self._table, columns, found.row[0, :rows] + self._offset, malformed, written, quotes)

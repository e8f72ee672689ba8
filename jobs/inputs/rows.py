"""Reading the rows of a split, a bounded chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from jobs.inputs.parquet import read_groups
from jobs.inputs.scanner import Found, find_byte, room, scan_quoted, scan_raw
from jobs.inputs.streams import check_unchanged, open_bytes
from jobs.inputs.tables import Column, InputFile, RowBatch, Table

CHUNK_BYTES: Final = 2 << 20  # with the arrays beside it, about what a core has of cache
LONGEST_ROW: Final = 64 << 20  # bytes; a longer one is malformed
SHOWN_OF_LONG_ROW: Final = 1 << 10  # bytes kept of such a row
_LINE_FEED: Final = 10
_FINISHING: Final = 64 << 10  # bytes read beyond a split to finish its last row
_SMALLEST_ROW: Final = 32  # bytes; a batch of smaller rows is cut short, nothing more


def read_rows(
    file: InputFile, start: int, end: int, table: Table, *, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[RowBatch]:
    """The rows that start in [start, end) of the file, so that splits that touch share no row and miss none.

    start, end: bytes of a raw uncompressed file; row groups in Parquet; any other file is read as a whole,
    from 0 to TO_THE_END. Memory is bounded by chunk_bytes or the longest row, at most LONGEST_ROW bytes.
    Raises UsageError, naming the file, if it is damaged or has changed since it was examined.
    """
    check_unchanged(file)
    if file.format == "parquet":
        yield from read_groups(file, start, end, table, chunk_bytes)
        return
    with open_bytes(file.path, file.compression) as stream:
        rows = _Rows(file, table, stream, chunk_bytes)
        if start <= file.body:
            rows.skip_header()
        else:
            rows.seek_row(start)
        yield from rows.until(end)


class FetchedRow(NamedTuple):
    """A row read again: as written, and the values of the table's columns."""

    raw: bytes
    values: tuple[bytes, ...]


def fetch_batches(file: InputFile, places: npt.NDArray[np.int64], table: Table) -> Iterator[RowBatch]:
    """The well-formed rows that begin at `places` (int64, ascending, from a RowBatch), read again.

    Few rows of an uncompressed file are sought out; otherwise the file is read through once.
    """
    if not len(places):
        return
    if file.format == "tsv" and file.compression is None and len(places) * _FINISHING < file.size:
        check_unchanged(file)
        with open_bytes(file.path, None) as stream:
            for place in places.tolist():
                rows = _Rows(file, table, stream, _FINISHING)
                rows.seek(place)
                yield from rows.until(place + 1)
        return
    end = len(file.groups) if file.format == "parquet" else int(places[-1]) + 1
    for batch in read_rows(file, 0, end, table):
        yield batch.take(np.flatnonzero(np.isin(batch.place, places)))


def fetch_rows(file: InputFile, places: npt.NDArray[np.int64], table: Table) -> Iterator[FetchedRow]:
    """The rows of fetch_batches, one by one."""
    for batch in fetch_batches(file, places, table):
        for i in range(len(batch)):
            yield FetchedRow(batch.raw(i), tuple(column.value(i) for column in batch.columns))


class _Rows:
    """A window of a stream: `buffer` holds its bytes from `offset`, of which the first `at` are done with."""

    def __init__(self, file: InputFile, table: Table, stream: Any, chunk_bytes: int) -> None:
        self._file, self._table, self._stream, self._chunk_bytes = file, table, stream, chunk_bytes
        self._slots = np.full(file.fields, -1, np.int64)
        self._slots[list(file.columns)] = np.arange(len(file.columns))
        self._buffer = np.empty(0, np.uint8)
        self._offset, self._at = 0, 0
        self._at_end = False  # of the stream
        self._between_rows = True  # else `at` is inside a row that belongs to another split or is too long

    def skip_header(self) -> None:
        if self._file.compression is None:
            self.seek(self._file.body)
            return
        self._stream.read(self._file.body)
        self._offset = self._file.body

    def seek(self, place: int) -> None:
        self._stream.seek(place)
        self._offset = place

    def seek_row(self, start: int) -> None:
        """Go to the first row that begins at or after byte `start`: after the line feed from start - 1 on."""
        self.seek(start - 1)
        self._between_rows = False

    def until(self, end: int) -> Iterator[RowBatch]:
        """The rows that begin before byte `end`."""
        while True:
            if not self._between_rows:
                self._skip_line()
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
        wanted = max(0, end - self._offset - len(left)) + _FINISHING
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
        place = find_byte(self._buffer, self._at, len(self._buffer), _LINE_FEED)
        self._between_rows = place < len(self._buffer)
        self._at = place + 1 if self._between_rows else place

    def _give_up_row(self) -> Iterator[RowBatch]:
        """Get past a row longer than LONGEST_ROW: past its first line if only its quotes do not close."""
        at = self._at
        yield from self._scan(at + 1, final=True)
        if self._at == at:
            shown = self._buffer[at : at + SHOWN_OF_LONG_ROW].tobytes()
            yield self._batch(room(len(self._file.columns), 0), 0, [(self._offset + at, shown)], self._buffer)
            self._between_rows = False

    def _scan(self, stop: int, *, final: bool = False) -> Iterator[RowBatch]:
        """The complete rows that begin before byte `stop` of the buffer."""
        buffer, limit = self._buffer, len(self._buffer)
        quoted = self._file.quoting == "rfc4180"
        side = buffer.copy() if quoted else buffer
        capacity = 1024 + self._chunk_bytes // _SMALLEST_ROW
        while True:
            found = room(len(self._file.columns), capacity)
            if quoted:
                final = final or self._at_end
                rows, bad, self._at = scan_quoted(buffer, self._at, limit, stop, self._slots, found, side, final)
            else:
                rows, bad, self._at = scan_raw(buffer, self._at, limit, stop, self._slots, found)
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
        columns = tuple(
            Column(values, start[:rows], end[:rows]) for start, end in zip(found.start, found.end, strict=True)
        )
        written = Column(self._buffer, found.row[0, :rows], found.row[1, :rows])
        return RowBatch(self._table, columns, found.row[0, :rows] + self._offset, malformed, written)

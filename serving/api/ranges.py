"""Parts of a sorted table by key: which row groups hold them, and which rows of those."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import pyarrow as pa

from lookalike.snapshots.openfiles import DataFile
from lookalike.snapshots.stored import StoredTable, key_range


class Place(NamedTuple):
    """A row of a table: row group, counted over all files of the table in its bucket, and row within the group."""

    group: int = 0
    row: int = 0


START: Final = Place()


class Piece(NamedTuple):
    """Rows [start, stop) of one row group, stop None for its end.

    number: of the row group in its file; group: as in Place.
    """

    file: DataFile
    number: int
    group: int
    start: int
    stop: int | None

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Decode the rows."""
        rows = self.file.read(self.number, None if columns is None else list(columns))
        return rows.slice(self.start, None if self.stop is None else self.stop - self.start)

    def beginning_at(self, place: Place) -> Piece:
        """The piece without the rows before a place."""
        return self._replace(start=max(self.start, place.row)) if place.group == self.group else self


def with_key(stored: StoredTable, key: str, begin: Place = START) -> Iterator[Piece]:
    """The rows of one key, from a place on."""
    try:
        encoded = key.encode()
    except UnicodeEncodeError:  # half of a surrogate pair is no text, so nobody's key
        return iter(())
    return between(stored, encoded, encoded + b"\0", begin)  # no key is between the two


def with_prefix(stored: StoredTable, prefix: str, begin: Place = START) -> Iterator[Piece]:
    """The rows whose key begins with a text, from a place on."""
    try:
        low = prefix.encode()
    except UnicodeEncodeError:
        return iter(())
    # No byte of UTF-8 is 0xFF, so the last one has a successor.
    return between(stored, low, low[:-1] + bytes([low[-1] + 1]) if low else None, begin)


def between(stored: StoredTable, low: bytes, high: bytes | None, begin: Place = START) -> Iterator[Piece]:
    """The rows whose key is at least `low` and below `high` (None: all that follow), from a place on.

    Only the keys of row groups at the borders are read.
    """
    end = 0
    for file in stored.files:
        first, end = end, end + len(file.bounds)
        if end <= begin.group:
            continue
        for index, (least, greatest) in enumerate(file.bounds):
            if high is not None and least >= high:
                break  # an older generation's file may have more
            group = first + index
            if greatest >= low and group >= begin.group:
                piece = _trimmed(file, index, group, low, high, least, greatest).beginning_at(begin)
                if piece.stop is None or piece.start < piece.stop:
                    yield piece


def _trimmed(
    file: DataFile, index: int, group: int, low: bytes, high: bytes | None, least: bytes, greatest: bytes
) -> Piece:
    if least >= low and (high is None or greatest < high):
        return Piece(file, index, group, 0, None)
    keys = file.read(index, file.table.names[:1]).column(0).combine_chunks()
    return Piece(file, index, group, *key_range(keys, low, high))

"""A Parquet file in an object store: one request reads the footer, another the columns of some row groups."""

from __future__ import annotations

import bisect
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from lookalike.errors import SnapshotError
from lookalike.outputs.blockcache import BlockCache
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.outputs.openparquet import OpenParquet
from lookalike.outputs.store import Store

FOOTER_BYTES: Final = 64 << 10  # as many as Arrow reads first; a longer footer takes a second request


class RemoteParquet(OpenParquet):
    """See OpenParquet. groups, columns: what will be read, fetched in one request."""

    def __init__(
        self,
        output: Output,
        entry: FileEntry,
        footer: pq.FileMetaData | None,
        store: Store,
        blocks: BlockCache,
        groups: Sequence[int] | None,
        columns: Sequence[str] | None,
    ) -> None:
        """Nothing is read yet."""
        super().__init__(output, entry, footer)
        self._store, self._blocks = store, blocks
        self._groups, self._columns = groups, columns

    def _opened(self) -> pq.ParquetFile:
        pieces = _Pieces(self._entry.bytes, *self._ahead(), self._fetch)
        # All has been fetched already: Arrow need not read ahead in threads of its own, which would call Python.
        return pq.ParquetFile(pa.PythonFile(pieces, mode="r"), metadata=self._footer, pre_buffer=False)

    def _ahead(self) -> tuple[list[int], list[memoryview]]:
        """Starts and content of what will be read: the columns of the row groups, or else the end of the file."""
        path, size = self._entry.path, self._entry.bytes
        if self._footer is None or self._groups is None:
            length = min(size, FOOTER_BYTES)
            return [size - length], [memoryview(self._store.tail(path, size, length))]
        described = [self._footer.row_group(group) for group in self._groups]
        places = sorted(place for group in described for place in _places(group, self._columns))
        if any(start < 0 or length < 0 or start + length > size for start, length in places):
            raise SnapshotError(f"{self._store.name(path)}: is damaged: its footer points outside")
        return [start for start, _ in places], self._blocks.get(path, places)

    def _fetch(self, start: int, length: int) -> memoryview:
        (piece,) = self._blocks.get(self._entry.path, [(start, length)])
        return piece


class _Pieces:
    """A file for Arrow: some pieces are in memory, the others are fetched when asked for."""

    def __init__(
        self, size: int, starts: list[int], views: list[memoryview], fetch: Callable[[int, int], memoryview]
    ) -> None:
        """starts: in ascending order, of the views."""
        self._size, self._starts, self._views, self._fetch = size, starts, views, fetch
        self._at = 0
        self.closed = False

    def read(self, length: int = -1) -> memoryview:
        left = max(0, self._size - self._at)
        length = left if length < 0 else min(length, left)
        found = self._piece(self._at, length)
        self._at += length
        return found

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = base + place
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self.closed = True

    def _piece(self, start: int, length: int) -> memoryview:
        place = bisect.bisect_right(self._starts, start) - 1
        if place >= 0:
            offset = start - self._starts[place]
            view = self._views[place]
            if offset + length <= view.nbytes:
                return view[offset : offset + length]
        return self._fetch(start, length) if length else memoryview(b"")


def _places(group: Any, columns: Sequence[str] | None) -> list[tuple[int, int]]:
    """Start and length of the chunks of some columns, or of all."""
    chunks = (group.column(number) for number in range(group.num_columns))
    wanted = [chunk for chunk in chunks if columns is None or chunk.path_in_schema in columns]
    places = []
    for chunk in wanted:
        dictionary = chunk.dictionary_page_offset
        start = chunk.data_page_offset if dictionary is None else min(dictionary, chunk.data_page_offset)
        places.append((start, chunk.total_compressed_size))
    return places

"""A Parquet file opened to be spliced: its row groups as columns, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from lookalike.snapshots.parquet.chunks import Values, decode
from lookalike.snapshots.parquet.columns import Column, from_table
from lookalike.snapshots.parquet.footer import CREATED_BY, MAGIC
from lookalike.snapshots.parquet.memory import Bytes


class OldGroup(NamedTuple):
    """A row group: the number of its first row in the file, its rows, where its bytes begin and how many they are."""

    first: int
    rows: int
    offset: int
    bytes: int


class OldFile:
    """Reads row groups; use as a context manager. What is not as it should be raises ValueError or OSError."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        """Open a file and read its footer. columns: what its schema is expected to be."""
        self._columns = columns
        self._file = pa.OSFile(str(path))
        try:
            self._arrow = pq.ParquetFile(self._file)
            self.metadata = self._arrow.metadata
            self.schema: pa.Schema = self._arrow.schema_arrow
            self.groups = list(_groups(self.metadata))
        except BaseException:
            self._file.close()
            raise

    def read(self, number: int, room: Bytes, wanted: Sequence[int] | None = None) -> list[Values]:
        """The columns of a row group, all or those wanted, by number: ours as they are encoded, others by Arrow.

        room: uint8[], at least `bytes` of the group and ROOM; where the text then lies.
        """
        group = self.groups[number]
        columns = self._columns if wanted is None else [self._columns[place] for place in wanted]
        if self.metadata.created_by != CREATED_BY:
            names = [column.name for column in columns]
            return from_table(columns, self._arrow.read_row_group(number, names, use_threads=False))
        if wanted is None:
            self._fill(room, group.offset, group.bytes)
            return decode(columns, room, group.bytes, group.rows)
        values: list[Values] = []
        described = self.metadata.row_group(number)
        for place, column in zip(wanted, columns, strict=True):
            chunk = described.column(place)
            start = chunk.data_page_offset if chunk.dictionary_page_offset is None else chunk.dictionary_page_offset
            size = chunk.total_compressed_size
            if start < group.offset or size < 0 or start + size > group.offset + group.bytes:
                raise ValueError("a column is not where its row group is")
            self._fill(room, start, size)
            values += decode([column], room, size, group.rows)
            room = room[size:]
        return values

    def _fill(self, room: Bytes, offset: int, size: int) -> None:
        self._file.seek(offset)
        if self._file.readinto(room[:size]) != size:
            raise ValueError("a row group is cut short")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()


def _groups(metadata: Any) -> Any:
    """Row groups of our files stand one behind the other, so that a chunk begins where the last one ended."""
    row, offset = 0, len(MAGIC)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        yield OldGroup(row, group.num_rows, offset, group.total_byte_size)
        row += group.num_rows
        offset += group.total_byte_size

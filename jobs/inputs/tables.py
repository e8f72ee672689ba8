"""The input tables, the files that hold them, and the rows as they come out of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Format = Literal["tsv", "parquet"]
Compression = Literal["gzip", "bz2"]
Quoting = Literal["none", "rfc4180"]

# The end of a split that runs to the end of its file.
TO_THE_END: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Table:
    """An input table: its name and the columns that the job reads, found by name in any order."""

    name: str
    columns: tuple[str, ...]


POSTS: Final = Table("posts", ("id", "created_at", "author_id", "is_repost", "text", "hashtags"))
ACCOUNTS: Final = Table("accounts", ("id", "created_at", "screen_name"))


@dataclass(frozen=True)
class InputFile:
    """A file of a table, examined: what a task needs to read it without looking at its head again.

    size: bytes on disk. modified_ns: time of last change, nanoseconds since 1970.
    columns: for each column of the table its position in the file. fields: how many fields a row has.
    body: offset of the first byte after the header, in the decompressed file.
    groups: Parquet only, the bytes of each row group.
    """

    path: str
    size: int
    modified_ns: int
    format: Format
    compression: Compression | None
    quoting: Quoting
    columns: tuple[int, ...]
    fields: int
    body: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Split:
    """A part of a file that one task reads.

    file: index into the files. [start, end): the byte range in which its rows start; row groups in Parquet.
    places: int64[], ascending, of the only rows to read, the range then being the whole file; None for all.
    """

    file: int
    start: int
    end: int
    places: npt.NDArray[np.int64] | None = None


class Column(NamedTuple):
    """n values: buffer uint8[], value i is buffer[start[i]:end[i]]; start and end are int64[n]."""

    buffer: npt.NDArray[np.uint8]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.intp]) -> Column:
        """The values at some places."""
        return Column(self.buffer, self.start[rows], self.end[rows])

    def value(self, i: int) -> bytes:
        """The bytes of value i."""
        return self.buffer[self.start[i] : self.end[i]].tobytes()


@dataclass(frozen=True)
class RowBatch:
    """The next rows of a split.

    columns: one a column of the table, in its order: the values unquoted; a null is an empty value.
    place: int64[n], where each row begins: a byte of the decompressed file, or the row number in Parquet.
    malformed: place and bytes of each row that has a wrong number of fields or broken quotes.
    written: the rows as they are in the file, without line ends; None in Parquet.
    """

    table: Table
    columns: tuple[Column, ...]
    place: npt.NDArray[np.int64]
    malformed: list[tuple[int, bytes]]
    written: Column | None

    def __len__(self) -> int:
        """Well-formed rows."""
        return len(self.place)

    def __getitem__(self, name: str) -> Column:
        """The values of a column of the table."""
        return self.columns[self.table.columns.index(name)]

    def take(self, rows: npt.NDArray[np.intp]) -> RowBatch:
        """The well-formed rows at some places of the batch; nothing is copied but where they are."""
        columns = tuple(column.take(rows) for column in self.columns)
        written = None if self.written is None else self.written.take(rows)
        return RowBatch(self.table, columns, self.place[rows], [], written)

    def raw(self, i: int) -> bytes:
        """Row i as written; a Parquet row is given as its values between tabs."""
        if self.written is not None:
            return self.written.value(i)
        return b"\t".join(column.value(i) for column in self.columns)

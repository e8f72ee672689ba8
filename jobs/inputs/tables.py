"""The input tables, the files that hold them, and the rows as they come out of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from jobs.inputs.stores.store import FileStatus
from jobs.inputs.text.quotes import Tally, no_tally

HASHTAGS: Final = "hashtags"
SPARK: Final = "spark"  # the format of what only Spark can read
TEXT: Final = "text"
Compression = Literal["gzip", "bz2", "zstd", "xz", "zip"]
Quoting = Literal["none", "rfc4180", "backslash"]

# The end of a split that runs to the end of its file.
TO_THE_END: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Table:
    """An input table: its name and the columns that the job reads, found by name in any order.

    optional: columns that a file may lack. either: columns of which it has one at least. free_text: columns whose
    values may have quotes of their own around them.
    """

    name: str
    columns: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    either: tuple[str, ...] = ()
    free_text: frozenset[str] = frozenset()

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that every file has."""
        return tuple(name for name in self.columns if name not in self.optional)

    def missing(self, has: Callable[[str], bool]) -> str | None:
        """A column that a file lacks, but needs. has: whether it has a column."""
        return next(iter(self.lacking(has)), None)

    def lacking(self, has: Callable[[str], bool]) -> tuple[str, ...]:
        """The columns that a file lacks, but needs; of those of which it needs one, the first."""
        without = not any(map(has, self.either))
        return (*(name for name in self.required if not has(name)), *self.either[: int(without)])


POSTS: Final = Table(
    "posts",
    ("id", "created_at", "author_id", "is_repost", "text", "hashtags"),
    optional=frozenset({"created_at", "is_repost", "text", HASHTAGS}),
    either=(HASHTAGS, "text"),
    free_text=frozenset({"text"}),
)
ACCOUNTS: Final = Table(
    "accounts",
    ("id", "created_at", "screen_name", "seen_at"),
    optional=frozenset({"created_at", "seen_at"}),
    free_text=frozenset({"screen_name"}),
)


@dataclass(frozen=True)
class Dialect:
    """How the rows of a text file are written.

    delimiter: the byte between fields. quoting: how fields are quoted. encoding: a codec of Python's. returns:
    whether a carriage return ends a line. A file that is not UTF-8 with line feeds is converted as it is read, see
    open_text.
    """

    delimiter: int = ord("\t")
    quoting: Quoting = "none"
    encoding: str = "utf-8"
    returns: bool = False

    @property
    def is_recoded(self) -> bool:
        """Whether the file's text is converted."""
        return self.encoding != "utf-8" or self.returns


PLAIN_TEXT: Final = Dialect()


class Copy(NamedTuple):
    """A Parquet file with rows that Spark has read. rows: how many. groups: bytes of each group of them."""

    path: str
    status: FileStatus
    rows: int
    groups: tuple[int, ...]


@dataclass(frozen=True)
class InputFile:
    """A file of a table, examined: what a task needs to read it without looking at its head again.

    size: bytes on disk. modified_ns: time of last change, nanoseconds since 1970. columns: for each column of the
    table its position in the file, or -1. fields: how many fields a row has. body: offset of the first byte after the
    header, in the text as open_text gives it. groups: bytes of each group of rows that can be read alone; None in
    text. paths: where the columns are, in a format whose values are found by paths; "" for none. filled: columns of
    which only counts whether there is a value. from_text: whether hashtags are those of the text. preset: whose names
    the columns have. separator: between the hashtags of a post; None in a table without them. day_first: see
    parse_timestamps. absent: columns with a path of which the first objects have no value. unexpected: the path of a
    column whose values contradict from_text; "" for none. version: see FileStatus; of what Spark has read
    copies.Identity.version. copies: the Parquet files that hold the rows of a file of the format SPARK, one after the
    other; groups is of all of them. unread: whether such a file has not been copied, because the live snapshot has
    its rows; size is then that of the live snapshot's copies.
    """

    path: str
    size: int
    modified_ns: int
    format: str
    compression: Compression | None
    dialect: Dialect
    columns: tuple[int, ...] = ()
    fields: int = 0
    body: int = 0
    groups: tuple[int, ...] | None = None
    paths: tuple[str, ...] = ()
    filled: frozenset[str] = frozenset()
    from_text: bool = False
    preset: str | None = None
    separator: str | None = None
    day_first: bool = False
    absent: frozenset[str] = frozenset()
    unexpected: str = ""
    version: str | None = None
    copies: tuple[Copy, ...] = ()
    unread: bool = False

    @property
    def status(self) -> FileStatus:
        """As it was when it was examined."""
        return FileStatus(self.size, self.modified_ns, self.version)

    def has(self, table: Table, column: str) -> bool:
        """Whether the file has a column of the table."""
        place = table.columns.index(column)
        return column not in self.absent and (self.paths[place] != "" if self.paths else self.columns[place] >= 0)

    @property
    def has_lists(self) -> bool:
        """Whether the hashtags of a post are a list in the file, and not a text that has to be taken apart."""
        return self.format != "text" and self.separator == "bar"

    @property
    def can_seek(self) -> bool:
        """Whether a row of text can be read without those before it."""
        return self.groups is None and self.compression is None and not self.dialect.is_recoded


@dataclass(frozen=True)
class Split:
    """A part of a file that one task reads.

    file: index into the files. [start, end): the byte range in which its rows start; row groups in Parquet.
    places: int64[], ascending, of the only rows to read, the range then being the whole file; None for all.
    inside: whether the byte before start is inside of quotes, see stages.scan.borders.
    """

    file: int
    start: int
    end: int
    places: npt.NDArray[np.int64] | None = None
    inside: bool = False


@dataclass(frozen=True)
class Part:
    """What is read of a file at once: the rows that start in [start, end), so that parts that touch share no row.

    start, end: bytes of text that can be sought in; groups of rows where the format has them; any other file is read
    as a whole, from 0 to TO_THE_END. chunk_bytes: that are held at a time. inside: whether byte start - 1 of a quoted
    file is inside of quotes. borders: gets the place of the first row at or after start and, once all rows have come,
    of the first one at or after end.
    """

    start: int = 0
    end: int = TO_THE_END
    chunk_bytes: int = 2 << 20  # with the arrays beside it, about what a core has of cache
    inside: bool = False
    borders: list[int] | None = None


WHOLE: Final = Part()


class Column(NamedTuple):
    """n values: buffer uint8[], value i is buffer[start[i]:end[i]]; start and end are int64[n]."""

    buffer: npt.NDArray[np.uint8]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]

    @classmethod
    def of(cls, values: Sequence[bytes]) -> Column:
        """The values one after the other."""
        edges = np.cumsum([0, *map(len, values)])
        return cls(np.frombuffer(b"".join(values) + b"\0", np.uint8), edges[:-1], edges[1:])

    def take(self, rows: npt.NDArray[np.intp]) -> Column:
        """The values at some places."""
        return Column(self.buffer, self.start[rows], self.end[rows])

    def put(self, rows: npt.NDArray[np.intp], values: Sequence[bytes]) -> Column:
        """The values, others at some places."""
        others = Column.of(values)
        start, end = self.start.copy(), self.end.copy()
        start[rows], end[rows] = others.start + len(self.buffer), others.end + len(self.buffer)
        return Column(np.concatenate([self.buffer, others.buffer]), start, end)

    def value(self, i: int) -> bytes:
        """The bytes of value i."""
        return self.buffer[self.start[i] : self.end[i]].tobytes()

    def texts(self) -> list[str]:
        """All values as text; bytes that are not UTF-8 are escaped."""
        return [self.value(i).decode("utf-8", "backslashreplace") for i in range(len(self.start))]


@dataclass(frozen=True)
class RowBatch:
    """The next rows of a split.

    columns: one a column of the table, in its order: the values unquoted; a null is an empty value.
    place: int64[n], where each row begins: a byte of the decompressed file, or the row number in Parquet.
    malformed: place and bytes of each row that has a wrong number of fields or broken quotes.
    written: the rows as they are in the file, without line ends; None in Parquet.
    quotes: what the quotes in the rows tell, see quotes.no_tally.
    """

    table: Table
    columns: tuple[Column, ...]
    place: npt.NDArray[np.int64]
    malformed: list[tuple[int, bytes]]
    written: Column | None
    quotes: Tally

    def __len__(self) -> int:
        """Well-formed rows."""
        return len(self.place)

    def __getitem__(self, name: str) -> Column:
        """The values of a column of the table."""
        return self.columns[self.table.columns.index(name)]

    def with_column(self, name: str, column: Column) -> RowBatch:
        """The batch with other values in a column of the table."""
        columns = list(self.columns)
        columns[self.table.columns.index(name)] = column
        return replace(self, columns=tuple(columns))

    def take(self, rows: npt.NDArray[np.intp]) -> RowBatch:
        """The well-formed rows at some places of the batch; nothing is copied but where they are."""
        columns = tuple(column.take(rows) for column in self.columns)
        written = None if self.written is None else self.written.take(rows)
        return RowBatch(self.table, columns, self.place[rows], [], written, no_tally(len(columns)))

    def raw(self, i: int) -> bytes:
        """Row i as written; a Parquet row is given as its values between tabs."""
        if self.written is not None:
            return self.written.value(i)
        return b"\t".join(column.value(i) for column in self.columns)

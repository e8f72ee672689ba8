"""What a table of a snapshot is: columns with their meaning, key, order, buckets, encoding and generations."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Final, Literal

import pyarrow as pa

from lookalike.errors import SnapshotError

TIME: Final = pa.timestamp("us", tz="UTC")

Encoding = Literal["plain", "dictionary", "delta"]
Total = Literal[
    "memberships",
    "hashtags",
    "similar_pairs",
    "identical",
    "accounts",
    "names",
    "rejects",
    "posts_read",
    "unknown_posts",
]


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a table.

    encoding: how Parquet stores it. "dictionary" where values repeat inside a row group, "delta" for times, whose
    differences are narrower than they are. statistics: whether a row group says its least and greatest value, by
    which readers skip row groups.
    """

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    nullable: bool = False
    encoding: Encoding = "plain"
    statistics: bool = False

    @property
    def field(self) -> pa.Field:
        """The column in an Arrow schema."""
        return pa.field(self.name, self.type, nullable=self.nullable)


@dataclasses.dataclass(frozen=True)
class Order:
    """A column that the rows are sorted by; strings by their UTF-8 bytes."""

    column: str
    descending: bool = False


@dataclasses.dataclass(frozen=True)
class Table:
    """The one description of a table, from which writer, reader, checks and documentation are derived.

    key: the columns whose values identify a row; empty if none do. A look-up is by the first.
    order: how the rows of a file are sorted. bucket: the column whose crc32 splits the table, None if nothing does.
    generations: whether an incremental run adds files of newer rows; the table then ends with GENERATION. total: what
    count of the manifest equals the number of rows. internal: whether only the next run needs the table.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    bucket: str | None = None
    generations: bool = False
    compression: Literal["none", "zstd"] = "none"
    total: Total | None = None
    internal: bool = False

    @functools.cached_property
    def schema(self) -> pa.Schema:
        """The columns as an Arrow schema."""
        return pa.schema([column.field for column in self.columns])

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    @property
    def has_look_ups(self) -> bool:
        """Whether row groups are found by the first column of the key, by which the rows are sorted then."""
        return bool(self.key) and bool(self.order) and self.key[0] == self.order[0].column == self.columns[0].name

    def part(self, names: list[str]) -> pa.Schema:
        """The schema of some columns, in the order of `names`."""
        return pa.schema([self.schema.field(name) for name in names])

    def batch(self, **columns: Any) -> pa.RecordBatch:
        """Rows by the names of all columns, each an Arrow array of its type or a NumPy array."""
        if columns.keys() != set(self.names):
            raise ValueError(f"{self.name}: {sorted(columns.keys() ^ set(self.names))} missing or unknown")
        arrays = [
            value if isinstance(value := columns[column.name], pa.Array) else pa.array(value, column.type)
            for column in self.columns
        ]
        for column, array in zip(self.columns, arrays, strict=True):
            if array.type != column.type:  # pyarrow would cast it
                raise TypeError(f"{self.name}: {column.name!r} is {array.type}, not {column.type}")
        return pa.record_batch(arrays, schema=self.schema)

    def check(self, actual: pa.Schema, what: str) -> None:
        """Raise SnapshotError naming every difference of columns, order, types and nullability at once."""
        names = list(actual.names)
        problems = [f"column {name!r} is missing" for name in self.names if name not in names]
        problems += [f"column {name!r} is unknown" for name in names if name not in self.names]
        problems += [f"column {name!r} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
        if not problems and names != self.names:
            problems.append(f"columns are in the order {names}, not {self.names}")
        for field in self.schema:
            if names.count(field.name) != 1:
                continue
            found = actual.field(field.name)
            if found.type != field.type:
                problems.append(f"column {field.name!r} is {found.type}, not {field.type}")
            if found.nullable and not field.nullable:
                problems.append(f"column {field.name!r} may be null")
            if field.nullable and not found.nullable:
                problems.append(f"column {field.name!r} may not be null")
        if problems:
            raise SnapshotError(f"{what}: " + "; ".join(problems))

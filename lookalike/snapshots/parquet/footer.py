"""The footer of a file. Parquet format, parquet.thrift `FileMetaData` and what belongs to it; LogicalTypes.md."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final, NamedTuple

import pyarrow as pa

from lookalike.snapshots.parquet.chunks import Chunk
from lookalike.snapshots.parquet.columns import TEXT, Column
from lookalike.snapshots.parquet.extremes import Statistics
from lookalike.snapshots.parquet.pages import DICTIONARY, PLAIN, RLE
from lookalike.snapshots.parquet.thrift import Struct

MAGIC: Final = b"PAR1"
# Whoever changes what pages look like counts this up: pages of another number are not taken apart, see splicing.py.
CREATED_BY: Final = "lookalike version 1"

_FORMAT_VERSION: Final = 2

# parquet.thrift `ConvertedType`, which older readers know instead of the logical type.
_UTF8: Final = 0
_TIMESTAMP_MICROS: Final = 10
_UINT: Final = {32: 13, 64: 14}


class PlacedGroup(NamedTuple):
    """A row group in a file: where it begins, and its chunks as they stand in it."""

    offset: int
    rows: int
    chunks: Sequence[Chunk]


def footer(columns: Sequence[Column], sorting: Sequence[tuple[int, bool]], groups: Sequence[PlacedGroup]) -> bytes:
    """All that follows the last row group. sorting: number of a column and "descending"."""
    order = [Struct().i32(1, column).flag(2, descending).flag(3, value=False) for column, descending in sorting]
    root = Struct().binary(4, b"schema").i32(5, len(columns))
    written = (
        Struct()
        .i32(1, _FORMAT_VERSION)
        .struct_list(2, [root, *map(_element, columns)])
        .i64(3, sum(group.rows for group in groups))
        .struct_list(4, [_row_group(columns, order, number, group) for number, group in enumerate(groups)])
        .binary(6, CREATED_BY.encode())
        .struct_list(7, [Struct().struct(1, Struct()) for _ in columns])
        .encoded()
    )
    return written + len(written).to_bytes(4, "little") + MAGIC


def _element(column: Column) -> Struct:
    """`SchemaElement`."""
    element = Struct().i32(1, column.physical).i32(3, int(column.nullable)).binary(4, column.name.encode())
    kind = column.kind
    if column.physical == TEXT:
        element.i32(6, _UTF8).struct(10, Struct().struct(1, Struct()))
    elif pa.types.is_timestamp(kind):
        micros = Struct().struct(2, Struct())
        element.i32(6, _TIMESTAMP_MICROS)
        element.struct(10, Struct().struct(8, Struct().flag(1, value=True).struct(2, micros)))
    elif pa.types.is_unsigned_integer(kind):
        element.i32(6, _UINT[kind.bit_width])
        element.struct(10, Struct().struct(10, Struct().byte(1, kind.bit_width).flag(2, value=False)))
    return element


def _row_group(columns: Sequence[Column], order: list[Struct], number: int, group: PlacedGroup) -> Struct:
    size = group.chunks[-1].end
    chunks = [_chunk(column, chunk, group) for column, chunk in zip(columns, group.chunks, strict=True)]
    written = Struct().struct_list(1, chunks).i64(2, size).i64(3, group.rows)
    if order:
        written.struct_list(4, order)
    written.i64(5, group.offset).i64(6, size)
    if number < 1 << 15:
        written.i16(7, number)
    return written


def _chunk(column: Column, chunk: Chunk, group: PlacedGroup) -> Struct:
    """`ColumnChunk` with its `ColumnMetaData`."""
    has_dictionary = chunk.encoding == DICTIONARY
    size = chunk.end - chunk.start
    data = (
        Struct(_begun(column.name, column.physical, chunk.encoding))
        .i64(5, group.rows)
        .i64(6, size)
        .i64(7, size)
        .i64(9, group.offset + chunk.data)
    )
    if has_dictionary:
        data.i64(11, group.offset + chunk.start)
    if chunk.statistics is not None:
        data.struct(12, _statistics(chunk.statistics))
    return Struct().i64(2, 0).struct(3, data)  # the offset of a copy that nobody keeps


@functools.lru_cache(maxsize=256)
def _begun(name: str, physical: int, encoding: int) -> Struct:
    """The first fields of `ColumnMetaData`, which most chunks of a column share."""
    encodings = [PLAIN, RLE, DICTIONARY] if encoding == DICTIONARY else [encoding, RLE]
    uncompressed = 0
    return Struct().i32(1, physical).i32_list(2, encodings).binary_list(3, [name.encode()]).i32(4, uncompressed)


def _statistics(statistics: Statistics) -> Struct:
    return (
        Struct()
        .i64(3, statistics.nulls)
        .binary(5, statistics.greatest)
        .binary(6, statistics.least)
        .flag(7, value=True)
        .flag(8, value=True)
    )

"""Columns: what a file says of them, and their values on the way from Arrow and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.snapshots.parquet.fixedwidth import BOOLEAN, DOUBLE, INT32, INT64, Numbers
from lookalike.snapshots.parquet.pages import DELTA, DICTIONARY, PLAIN, Valid
from lookalike.snapshots.parquet.text import Text, plain_entries, taken_entries
from lookalike.strings.copying import ROOM
from lookalike.strings.values import frozen

TEXT: Final = 6  # the physical type BYTE_ARRAY

_PHYSICAL: Final = {
    pa.string(): TEXT,
    pa.bool_(): BOOLEAN,
    pa.int32(): INT32,
    pa.uint32(): INT32,
    pa.int64(): INT64,
    pa.uint64(): INT64,
    pa.float64(): DOUBLE,
    pa.timestamp("us", tz="UTC"): INT64,
}
_NONE: Final[Valid] = frozen(np.zeros(0, np.bool_))
NO_INDEX: Final[npt.NDArray[np.int32]] = frozen(np.zeros(0, np.int32))


@dataclass(frozen=True)
class Column:
    """A column of a table. encoding: the one to try, see pages.py. statistics: whether to keep any."""

    name: str
    kind: pa.DataType
    physical: int
    nullable: bool
    encoding: int
    statistics: bool

    @property
    def word(self) -> np.dtype:
        """What numpy calls a value of a column of numbers."""
        return np.dtype(np.int64 if pa.types.is_timestamp(self.kind) else self.kind.to_pandas_dtype())


def columns_of(
    schema: pa.Schema, dictionaries: Sequence[str], deltas: Sequence[str], statistics: Sequence[str]
) -> list[Column]:
    """The columns of a schema of string, bool, double, integers of 32 and 64 bits and timestamp[us, UTC].

    dictionaries, deltas: the columns that are to be encoded so, the others are plain. statistics: those with any.
    """
    return [
        Column(
            field.name,
            field.type,
            _PHYSICAL[field.type],
            field.nullable,
            DICTIONARY if field.name in dictionaries else DELTA if field.name in deltas else PLAIN,
            field.name in statistics,
        )
        for field in schema
    ]


def from_table(columns: Sequence[Column], table: pa.Table) -> list[Text | Numbers]:
    """The values of all columns of a table with their types."""
    arrays = [found.chunk(0) if found.num_chunks == 1 else found.combine_chunks() for found in table.columns]
    return [from_arrow(column, array) for column, array in zip(columns, arrays, strict=True)]


def from_arrow(column: Column, array: pa.Array) -> Text | Numbers:
    """The values of an Arrow array of the column's type."""
    buffers = array.buffers()
    valid = _NONE
    if array.null_count:
        bits = np.frombuffer(buffers[0], np.uint8)
        bits = np.unpackbits(bits, count=array.offset + len(array), bitorder="little")
        valid = frozen(bits[array.offset :].astype(np.bool_))
    if column.physical == TEXT:
        return _text_from_arrow(array, buffers, valid)
    if column.physical == BOOLEAN:
        bits = np.frombuffer(buffers[1], np.uint8)
        bits = np.unpackbits(bits, count=array.offset + len(array), bitorder="little")
        return Numbers(frozen(bits[array.offset :].astype(np.int64)), valid)
    if column.physical == INT32:
        narrow = np.frombuffer(buffers[1], np.int32, len(array), array.offset * 4)
        return Numbers(frozen(narrow.astype(np.int64)), valid)
    return Numbers(frozen(np.frombuffer(buffers[1], np.int64, len(array), array.offset * 8)), valid)


def _text_from_arrow(array: pa.Array, buffers: list[pa.Buffer], valid: Valid) -> Text:
    offset = np.frombuffer(buffers[1], np.int32, len(array) + 1, array.offset * 4)
    data = np.frombuffer(buffers[2], np.uint8) if buffers[2] is not None and buffers[2].size else _EMPTY
    out = np.empty(int(offset[-1]) - int(offset[0]) + 4 * len(array) + ROOM, np.uint8)
    edge = np.empty(len(array) + 1, np.int64)
    plain_entries(frozen(data), frozen(offset), valid, out, edge)
    return Text(frozen(out), frozen(edge), NO_INDEX, valid)


_EMPTY: Final = np.zeros(0, np.uint8)


def no_values(column: Column) -> Text | Numbers:
    """A column of no rows."""
    return from_arrow(column, pa.array([], column.kind))


def taken(column: Column, values: Text | Numbers, rows: npt.NDArray[np.int64]) -> pa.Array:
    """Some of the values as an Arrow array. rows: int64[], their numbers."""
    valid = values.valid[rows] if len(values.valid) else values.valid
    nulls = None if not len(valid) else pa.py_buffer(np.packbits(valid, bitorder="little"))
    if isinstance(values, Text):
        data, offset = taken_entries(values, frozen(rows))
        buffers = [nulls, pa.py_buffer(offset), pa.py_buffer(data)]
    elif column.physical == BOOLEAN:
        buffers = [nulls, pa.py_buffer(np.packbits(values.values[rows].astype(np.bool_), bitorder="little"))]
    else:
        words = values.values[rows]
        buffers = [nulls, pa.py_buffer(words.astype(np.int32) if column.physical == INT32 else words)]
    return pa.Array.from_buffers(column.kind, len(rows), buffers)

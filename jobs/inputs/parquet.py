"""Parquet files as input: every column becomes the bytes that a tab-separated file would hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from jobs.inputs.streams import naming
from jobs.inputs.tables import Column, InputFile, RowBatch, Table
from lookalike.errors import UsageError

MAGIC: Final = b"PAR1"
_MAX_BATCH_ROWS: Final = 1 << 17


def examine(path: str, table: Table) -> tuple[tuple[int, ...], int, tuple[int, ...]]:
    """Positions of the table's columns, number of columns of the file, bytes of each row group.

    UsageError names what is wrong: a column that is missing, there twice, or of a type that cannot be used.
    """
    with naming(path), pq.ParquetFile(path, memory_map=False) as file:
        schema, metadata = file.schema_arrow, file.metadata
        groups = tuple(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    columns = positions(path, table, schema.names)
    for name, position in zip(table.columns, columns, strict=True):
        kind = schema.field(position).type
        if not _usable(name, kind):
            raise UsageError(f"{path}: column {name!r} is of type {kind}, which cannot be used")
    return columns, len(schema.names), groups


def positions(path: str, table: Table, names: list[str]) -> tuple[int, ...]:
    """The place of each column of the table among `names`; UsageError if it is missing or there twice."""
    for name in table.columns:
        if name not in names:
            raise UsageError(f"{path}: no column {name!r}; {table.name} need {', '.join(table.columns)}")
        if names.count(name) > 1:
            raise UsageError(f"{path}: has {names.count(name)} columns {name!r}")
    return tuple(names.index(name) for name in table.columns)


def read_groups(file: InputFile, start: int, end: int, table: Table, chunk_bytes: int) -> Iterator[RowBatch]:
    """The rows of the row groups [start, end), in batches of about chunk_bytes bytes."""
    with naming(file.path), pq.ParquetFile(file.path, pre_buffer=False) as source:
        names = source.schema_arrow.names
        wanted = [names[position] for position in file.columns]
        sizes = [source.metadata.row_group(i).num_rows for i in range(source.metadata.num_row_groups)]
        place = sum(sizes[:start])
        for group in range(start, min(end, len(sizes))):
            row_bytes = max(1, file.groups[group] // max(1, sizes[group]))
            batch_size = min(_MAX_BATCH_ROWS, max(1, chunk_bytes // row_bytes))
            for batch in source.iter_batches(batch_size, row_groups=[group], columns=wanted):
                columns = tuple(_column(_as_bytes(batch.column(name))) for name in wanted)
                rows = np.arange(place, place + len(batch), dtype=np.int64)
                place += len(batch)
                yield RowBatch(table, columns, rows, [], None)


def _plain(kind: Any) -> Any:
    """The type of the values of a dictionary."""
    return kind.value_type if types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    tests: tuple[Callable[[Any], bool], ...] = (
        types.is_string,
        types.is_large_string,
        types.is_string_view,
        types.is_binary,
        types.is_large_binary,
        types.is_binary_view,
        types.is_fixed_size_binary,
        types.is_null,
    )
    return any(test(_plain(kind)) for test in tests)


def _is_list(kind: Any) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind))


def _usable(name: str, kind: Any) -> bool:
    if _is_text(kind):
        return True
    if name == "created_at":
        return bool(types.is_timestamp(kind) or types.is_date(kind))
    if name == "is_repost":
        return bool(types.is_boolean(kind) or types.is_integer(kind))
    if name == "hashtags":
        return _is_list(kind) and _is_text(kind.value_type)
    return name in ("id", "author_id") and bool(types.is_integer(kind))


def _as_bytes(array: Any) -> Any:
    """The values as a LargeBinaryArray without nulls."""
    kind = array.type
    if _is_list(kind):
        array = _joined(array)
    elif types.is_timestamp(kind):
        # To UTC first, without which the text would have the zone's offset; finer than a microsecond is cut.
        zone = None if kind.tz is None else "UTC"
        array = array.cast(pa.timestamp("us", zone), safe=False).cast(pa.string())
    elif types.is_dictionary(kind):
        array = array.cast(kind.value_type)
    if not types.is_large_binary(array.type):
        through = array if _is_text(array.type) else array.cast(pa.large_string())
        array = through.cast(pa.large_binary())
    return array.fill_null(b"") if array.null_count else array


def _joined(lists: Any) -> Any:
    """Lists of strings as strings, joined by |; a null in a list is an empty string."""
    values = _as_bytes(lists.values)
    offsets = lists.offsets.cast(pa.int64())
    lists = pa.LargeListArray.from_arrays(offsets, values, mask=lists.is_null())
    return pc.binary_join(lists, pa.scalar(b"|", pa.large_binary()))


def _column(array: Any) -> Column:
    _, offsets, values = array.buffers()
    if len(array) == 0 or offsets is None:
        nothing = np.zeros(len(array), np.int64)
        return Column(np.zeros(0, np.uint8), nothing, nothing)
    place = np.frombuffer(offsets, np.int64, len(array) + 1, array.offset * 8)
    buffer = np.zeros(0, np.uint8) if values is None or not values.size else np.frombuffer(values, np.uint8)
    return Column(buffer, place[:-1], place[1:])

"""Columns of Arrow tables as texts of JSON and CSV, without a Python object a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# What JSON escapes, and what makes an RFC 4180 field need its quotes.
_JSON_SPECIAL: Final = r'["\\\x00-\x1f]'
_CSV_SPECIAL: Final = '[",\r\n]'
# A spreadsheet takes what begins with one of these for a formula, or skips it and looks at what follows. The wide
# forms count too: some programs fold them.
_FORMULA: Final = "^([=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])"
_TIME: Final = pa.timestamp("us", "UTC")


def timestamps(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """ISO 8601 in UTC with Z; six digits of a second's fraction only where there is one.

    Put together from texts of days and of seconds of a day: a tenth of the time that Arrow takes to write each.
    """
    moments = (column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column).cast(pa.int64())
    known = pc.is_valid(moments).to_numpy(zero_copy_only=False)
    values = pc.fill_null(moments, 0).to_numpy()
    seconds, fraction = np.divmod(values, 1_000_000)
    days, second_of_day = np.divmod(seconds, 86_400)
    different, day = np.unique(days, return_inverse=True)
    dates = pa.array(different.astype(np.int32), pa.date32()).cast(pa.string())
    written = pc.binary_join_element_wise(dates.take(pa.array(day)), _times().take(pa.array(second_of_day)), "")
    fine = fraction != 0
    if fine.any():
        rest = pa.array(fraction[fine] + 1_000_000).cast(pa.string())
        exact = pc.replace_substring(written.filter(pa.array(fine)), "Z", ".")
        exact = pc.binary_join_element_wise(exact, pc.utf8_slice_codeunits(rest, 1), "Z", "")
        written = pc.replace_with_mask(written, pa.array(fine), exact)
    return pc.if_else(pa.array(known), written, pa.scalar(None, pa.string()))


@lru_cache
def _times() -> pa.Array:
    """Of each second of a day, what follows the date."""
    return pa.array([f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}Z" for s in range(86_400)], pa.string())


def written(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows as dicts, times as ISO 8601."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            rows = rows.set_column(place, field.name, timestamps(rows.column(place)))
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


def iso(moment: datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC, as the columns are written."""
    if moment is None:
        return None
    text: str = timestamps(pa.array([moment.astimezone(UTC)], _TIME))[0].as_py()
    return text


def numbers(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Each number as Python and JSON write it: the shortest text that reads back as the same double."""
    if pa.types.is_floating(column.type):
        return _each_value(column, lambda value: repr(float(value)))
    return column.cast(pa.string())


def plain(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Whatever the column holds as a text, without quotes; nulls stay null."""
    if pa.types.is_timestamp(column.type):
        return timestamps(column)
    return column if pa.types.is_string(column.type) else numbers(column)


def json_values(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """JSON values; nulls as null."""
    if pa.types.is_string(column.type):
        text = _quoted(_where(column, _JSON_SPECIAL, lambda value: json.dumps(value, ensure_ascii=False)[1:-1]))
    elif pa.types.is_timestamp(column.type):
        text = _quoted(timestamps(column))
    else:
        text = numbers(column)
    return pc.fill_null(text, "null")


def json_objects(members: Sequence[tuple[str, Any]]) -> Any:
    """One JSON object a row, from pairs of a key and either a column or, for an object inside, further pairs."""
    parts: list[Any] = []
    _object_parts(members, parts)
    return pc.binary_join_element_wise(*_merged(parts), "")


def _object_parts(members: Sequence[tuple[str, Any]], parts: list[Any]) -> None:
    for place, (key, value) in enumerate(members):
        parts.append(("{" if place == 0 else ",") + json.dumps(key) + ":")
        if isinstance(value, pa.ChunkedArray | pa.Array):
            parts.append(json_values(value))
        else:
            _object_parts(value, parts)
    parts.append("}")


def csv_lines(columns: Sequence[pa.ChunkedArray], marked: Container[int] = ()) -> Any:
    """One RFC 4180 record a row, without its line end. Texts that a spreadsheet might run get a leading '.

    marked: places of columns of texts that all get one, so that a spreadsheet takes none of them for a number.
    """
    parts: list[Any] = []
    for place, column in enumerate(columns):
        if place:
            parts.append(",")
        parts.append(pc.fill_null(_csv_values(column, place in marked), ""))
    return pc.binary_join_element_wise(*_merged(parts), "")


def _csv_values(column: pa.ChunkedArray, marked: bool) -> Any:
    if not pa.types.is_string(column.type):
        return plain(column)
    if marked:
        harmless = pc.binary_join_element_wise("'", column, "")
    else:
        harmless = pc.replace_substring_regex(column, _FORMULA, r"'\1", max_replacements=1)
    return _where(harmless, _CSV_SPECIAL, lambda value: '"' + value.replace('"', '""') + '"')


def joined(lines: pa.ChunkedArray | pa.Array, separator: str) -> bytes:
    """All lines as one text, a separator between any two, in UTF-8."""
    if isinstance(lines, pa.ChunkedArray):
        lines = lines.combine_chunks()
    whole = pa.LargeListArray.from_arrays(pa.array([0, len(lines)], pa.int64()), lines.cast(pa.large_string()))
    text: bytes = pc.binary_join(whole, pa.scalar(separator, pa.large_string()))[0].as_buffer().to_pybytes()
    return text


def _quoted(column: Any) -> Any:
    return pc.binary_join_element_wise('"', column, '"', "")


def _merged(parts: list[Any]) -> list[Any]:
    """The same parts with literal texts that follow one another made one."""
    merged: list[Any] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def _where(column: Any, pattern: str, change: Callable[[str], str]) -> Any:
    """The column with those values changed that have a match of the pattern; they are rare."""
    special = pc.match_substring_regex(column, pattern)
    if not pc.any(special).as_py():
        return column
    special = pc.fill_null(special, False)
    changed = pa.array([change(value) for value in column.filter(special).to_pylist()], pa.string())
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(special, pa.ChunkedArray):
        special = special.combine_chunks()
    return pc.replace_with_mask(column, special, changed)


def _each_value(column: Any, write: Callable[[Any], str]) -> Any:
    """Write each different value once."""
    encoded = (column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    texts = pa.array([write(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return texts.take(encoded.indices)

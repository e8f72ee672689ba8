"""Rows of text as other programs write them: a reader must give the same rows back, whoever wrote them."""

import bz2
import csv
import functools
import gzip
import io
import json
import lzma
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from jobs.inputs.tables import Quoting

Value = str | list[str]
Row = tuple[Value, ...]


class Lines(NamedTuple):
    """What a writer of delimited text is asked for. names: of the columns; there is a header if `header`."""

    names: Sequence[str]
    rows: Sequence[Row]
    delimiter: str
    line_end: str
    header: bool


class Delimited(NamedTuple):
    """A writer of delimited text.

    quoting: how it quotes. line_ends: that it can write, each with the characters that no value can hold then.
    """

    write: Callable[[Lines], str]
    quoting: Quoting
    line_ends: Mapping[str, str]


def _csv_module(lines: Lines, **options: Any) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=lines.delimiter, lineterminator=lines.line_end, **options)
    writer.writerows([lines.names] * lines.header + [list(row) for row in lines.rows])
    return text.getvalue()


def _raw(lines: Lines) -> str:
    rows = [lines.names] * lines.header + [[str(value) for value in row] for row in lines.rows]
    return "".join(lines.delimiter.join(row) + lines.line_end for row in rows)


def _pandas(lines: Lines) -> str:
    frame = pd.DataFrame([list(row) for row in lines.rows], columns=list(lines.names), dtype=object)
    options: dict[str, Any] = {"sep": lines.delimiter, "lineterminator": lines.line_end, "header": lines.header}
    return str(frame.to_csv(index=False, **options))


def _polars(lines: Lines) -> str:
    frame = pl.DataFrame([list(row) for row in lines.rows], dict.fromkeys(lines.names, pl.String), orient="row")
    options: dict[str, Any] = {"separator": lines.delimiter, "line_terminator": lines.line_end}
    return frame.write_csv(include_header=lines.header, **options)


def _arrow_csv(lines: Lines) -> str:
    sink = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=lines.header, delimiter=lines.delimiter)
    pyarrow.csv.write_csv(arrow_table(lines.names, lines.rows), sink, options)
    return sink.getvalue().decode()


def _duckdb(lines: Lines) -> str:
    header = str(lines.header).upper()
    return _copied(lines.names, lines.rows, f"FORMAT csv, DELIMITER '{lines.delimiter}', HEADER {header}").decode()


def _copied(names: Sequence[str], rows: Sequence[Row], options: str) -> bytes:
    """What DuckDB's COPY writes."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.register("rows", arrow_table(names, rows))
        connection.execute(f"COPY (SELECT * FROM rows) TO '{folder}/out' ({options})")
        return Path(folder, "out").read_bytes()


_BACKSLASHES: Final[Mapping[str, Any]] = {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"}
_RAW: Final = {"\n": "\t\r\n", "\r": "\t\r\n", "\r\n": "\t\r\n"}
# With one of both as line end, the csv module puts no quotes around a value that holds the other.
_MINIMAL: Final = {"\n": "\r", "\r": "\n", "\r\n": ""}
_ALL: Final = dict.fromkeys(_MINIMAL, "")
DELIMITED: Final[Mapping[str, Delimited]] = {
    "raw": Delimited(_raw, "none", _RAW),
    "csv": Delimited(_csv_module, "rfc4180", _MINIMAL),
    "csv, all quoted": Delimited(functools.partial(_csv_module, quoting=csv.QUOTE_ALL), "rfc4180", _ALL),
    "backslashes": Delimited(functools.partial(_csv_module, **_BACKSLASHES), "backslash", _ALL),
    "pandas": Delimited(_pandas, "rfc4180", _MINIMAL),
    "polars": Delimited(_polars, "rfc4180", {"\n": "", "\r\n": ""}),
    "Arrow": Delimited(_arrow_csv, "rfc4180", {"\n": ""}),
    "DuckDB": Delimited(_duckdb, "rfc4180", {"\n": ""}),
}


def arrow_table(names: Sequence[str], rows: Sequence[Row], text: Any = None) -> pa.Table:
    """Columns of strings, and of lists of them where the rows have lists. text: the type of the strings."""
    kind = pa.string() if text is None else text
    columns = {}
    for place, name in enumerate(names):
        values = [row[place] for row in rows]
        listed = any(isinstance(value, list) for value in values)
        columns[name] = pa.array(values, pa.list_(pa.string()) if listed else pa.string())
        columns[name] = columns[name] if listed else columns[name].cast(kind)
    return pa.table(columns)


def _dictionaries(names: Sequence[str], rows: Sequence[Row]) -> pa.Table:
    table = arrow_table(names, rows)
    columns = [column if pa.types.is_list(column.type) else column.dictionary_encode() for column in table.columns]
    return pa.table(dict(zip(names, columns, strict=True)))


TABLES: Final[Mapping[str, Callable[[Sequence[str], Sequence[Row]], pa.Table]]] = {
    "strings": arrow_table,
    "large strings": functools.partial(arrow_table, text=pa.large_string()),
    "string views": functools.partial(arrow_table, text=pa.string_view()),
    "bytes": functools.partial(arrow_table, text=pa.binary()),
    "dictionaries": _dictionaries,
}


def write_parquet(path: Path, table: pa.Table, row_group_size: int = 1 << 20) -> None:
    """A Parquet file."""
    pq.write_table(table, path, row_group_size=row_group_size)


def _json_lines(names: Sequence[str], rows: Sequence[Row], **options: Any) -> str:
    return "".join(json.dumps(dict(zip(names, row, strict=True)), **options) + "\n" for row in rows)


def _nulls(names: Sequence[str], rows: Sequence[Row]) -> str:
    return _json_lines(names, [tuple(value or None for value in row) for row in rows])  # type: ignore[misc]


JSON_LINES: Final[Mapping[str, Callable[[Sequence[str], Sequence[Row]], str]]] = {
    "escaped": _json_lines,
    "not escaped": functools.partial(_json_lines, ensure_ascii=False),
    "nulls": _nulls,
    "pandas": lambda names, rows: pd.DataFrame(rows, columns=list(names)).to_json(orient="records", lines=True),
    "polars": lambda names, rows: pl.DataFrame(arrow_table(names, rows)).write_ndjson(),
    "DuckDB": lambda names, rows: _copied(names, rows, "FORMAT json").decode(),
}


def _zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


def _zip(data: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("rows.csv", data)
    return archive.getvalue()


PACKED: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "not at all": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "zstd": _zstd,
    "xz": lzma.compress,
    "zip": _zip,
}
LISTED: Final[Mapping[str, Callable[[Sequence[str]], str]]] = {
    "bar": "|".join,
    "comma": ", ".join,
    "semicolon": ";".join,
    "space": " ".join,
    "list": lambda hashtags: repr(list(hashtags)),
}

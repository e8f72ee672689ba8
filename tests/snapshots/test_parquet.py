"""The files of lookalike.snapshots.parquet, read by others: the same rows, whatever the types and values are."""

import io
import string
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lookalike.snapshots.parquet import chunks
from lookalike.snapshots.parquet.columns import columns_of
from lookalike.snapshots.parquet.writer import FileWriter

from lookalike.errors import SnapshotError
from tests.examples import examples

TYPES = {
    "text": pa.string(),
    "flag": pa.bool_(),
    "int32": pa.int32(),
    "uint32": pa.uint32(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "double": pa.float64(),
    "time": pa.timestamp("us", tz="UTC"),
}
ENCODINGS = {
    "plain": list(TYPES),
    "dictionary": [n for n in TYPES if n != "flag"],
    "delta": ["int64", "uint64", "time"],
}
SCHEMA = pa.schema(
    pa.field(f"{name}_{encoding}_{'optional' if nullable else 'required'}", TYPES[name], nullable)
    for encoding, names in ENCODINGS.items()
    for name in names
    for nullable in (False, True)
)
COLUMNS = columns_of(
    SCHEMA,
    [name for name in SCHEMA.names if "_dictionary_" in name],
    [name for name in SCHEMA.names if "_delta_" in name],
    SCHEMA.names,
)
YEAR_1, YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999  # what other readers can show
LETTERS = [*string.ascii_letters, "é", "ß", "語", "😀", "\0", " "]
HOW = ["one value", "few values", "runs", "all distinct", "any"]


def encoded(table: pa.Table, row_group_rows: int = 1 << 20, sorting: Any = ()) -> bytes:
    sink = io.BytesIO()
    columns = [column for column in COLUMNS if column.name in table.column_names]
    writer = FileWriter(sink, columns, sorting)
    for start in range(0, len(table), row_group_rows):
        writer.write_table(table.slice(start, row_group_rows))
    writer.close()
    return sink.getvalue()


def values(kind: pa.DataType, rows: int, how: str, rng: np.random.Generator) -> pa.Array:
    """Random values, of which as many are equal as `how` says."""
    distinct = {"one value": 1, "few values": 5, "runs": max(1, rows // 10)}.get(how, rows)
    if kind == pa.string():
        lengths = rng.integers(0, 40 if how == "any" else 12, distinct)
        text = "".join(rng.choice(LETTERS, lengths.sum()))
        words = [text[end - length : end] for length, end in zip(lengths, np.cumsum(lengths), strict=True)]
        some = pa.array([f"{i}{word}" if how == "all distinct" else word for i, word in enumerate(words)], kind)
    elif kind == pa.float64():
        some = pa.array(np.concatenate([[0.0, -0.0, np.inf, -np.inf], rng.normal(0, 1e300, rows)])[:distinct])
    elif kind == pa.bool_():
        some = pa.array(rng.integers(0, 2, distinct) > 0)
    else:
        word = np.dtype(np.int64 if pa.types.is_timestamp(kind) else kind.to_pandas_dtype())
        least, greatest = (
            (YEAR_1, YEAR_9999) if pa.types.is_timestamp(kind) else (np.iinfo(word).min, np.iinfo(word).max)
        )
        numbers = rng.integers(least, greatest, distinct, word, endpoint=True)
        if how == "any":  # wide and narrow differences, and the limits
            numbers = np.where(rng.integers(0, 2, distinct) > 0, numbers, np.arange(distinct, dtype=word))
            numbers[: distinct // 8] = greatest
            numbers[distinct // 8 : distinct // 4] = least
        some = pa.array(numbers).cast(kind)
    order = rng.integers(0, distinct, rows) if how != "all distinct" else np.arange(rows)
    return some.take(pa.array(np.sort(order) if how == "runs" else order))


def random_table(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    arrays = []
    for field in SCHEMA:
        array = values(field.type, rows, rng.choice(HOW), rng)
        if field.nullable:
            share = rng.choice([0.0, 0.05, 0.5, 1.0])
            array = pc.if_else(pa.array(rng.random(rows) < share), None, array)
        arrays.append(array)
    return pa.table(arrays, schema=SCHEMA)


def same(found: pa.Table, table: pa.Table) -> bool:
    """Whether two tables have the same bits, zeros of different sign not being equal."""
    doubles = [name for name in table.column_names if table.schema.field(name).type == pa.float64()]
    signs = [np.signbit(t[name].fill_null(1.0).to_numpy()) for t in (found, table) for name in doubles]
    half = len(doubles)
    return found.equals(table) and all(np.array_equal(signs[i], signs[half + i]) for i in range(half))


@examples(60, deadline=None)
@given(st.integers(1, 300), st.integers(0, 1 << 32), st.sampled_from([1, 7, 8, 64, 1000]), st.integers(0, 9))
def test_arrow_reads_what_was_written(rows: int, seed: int, row_group_rows: int, skipped: int) -> None:
    table = random_table(rows + skipped, seed).slice(skipped)  # arrays that do not begin where their memory does
    file = pq.ParquetFile(pa.BufferReader(encoded(table, row_group_rows)))
    found = file.read()
    assert found.schema == SCHEMA
    assert same(found, table)
    found.validate(full=True)
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert sizes == [min(row_group_rows, len(table) - start) for start in range(0, len(table), row_group_rows)]


@examples(20, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 1 << 32))
def test_statistics_are_the_least_and_the_greatest_value(rows: int, seed: int) -> None:
    table = random_table(rows, seed)
    group = pq.ParquetFile(pa.BufferReader(encoded(table))).metadata.row_group(0)
    for number, name in enumerate(SCHEMA.names):
        statistics, column = group.column(number).statistics, table[name]
        if column.null_count == rows:
            assert statistics is None
            continue
        limits = pc.min_max(column.cast(pa.binary()) if SCHEMA.field(name).type == pa.string() else column).as_py()
        found = {"min": statistics.min, "max": statistics.max}
        if SCHEMA.field(name).type == pa.string():
            found = {"min": statistics.min_raw, "max": statistics.max_raw}
        assert found == limits
        assert statistics.null_count == column.null_count


@examples(10, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 1 << 32), st.sampled_from([1000, 1 << 20]))
def test_duckdb_reads_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: int, seed: int, row_group_rows: int
) -> None:
    table = random_table(rows, seed)
    path = tmp_path_factory.mktemp("duckdb") / "rows.parquet"
    path.write_bytes(encoded(table, row_group_rows))
    with duckdb.connect() as connection:
        connection.sql("set threads = 1; set timezone = 'UTC'")
        found = connection.sql("select * from read_parquet(?)", params=[str(path)]).to_arrow_table()
    assert same(found.cast(SCHEMA), table)


def test_pandas_reads_what_was_written(tmp_path: Any) -> None:
    table = random_table(1000, 1)
    (tmp_path / "rows.parquet").write_bytes(encoded(table, 300))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "rows.parquet"), table.to_pandas())


@pytest.mark.parametrize("rows", [1, 127, 128, 129, 160, 161, 257, 16_384, 16_385])
@pytest.mark.parametrize("how", HOW)
def test_lengths_about_the_limits_of_blocks_and_groups(rows: int, how: str) -> None:
    rng = np.random.default_rng(rows)
    table = pa.table([values(field.type, rows, how, rng) for field in SCHEMA], schema=SCHEMA)
    assert same(pq.read_table(pa.BufferReader(encoded(table, 16_384))), table)


@pytest.mark.parametrize("distinct", [1, 2, 3, 4, 5, 255, 256, 257, 4096, 4097, 40_000])
def test_dictionaries_of_any_width(distinct: int) -> None:
    numbers = np.repeat(np.arange(distinct), 3)
    np.random.default_rng(distinct).shuffle(numbers)
    field = SCHEMA.field("int64_dictionary_required")
    table = pa.table([pa.array(numbers)], schema=pa.schema([field]))
    data = encoded(table)
    assert pq.read_table(pa.BufferReader(data)) == table
    assert pq.ParquetFile(pa.BufferReader(data)).metadata.row_group(0).column(0).has_dictionary_page
    assert len(data) < 8 * distinct + len(numbers) * (distinct.bit_length() + 1) / 8 + 400


def test_a_dictionary_that_saves_nothing_is_not_written() -> None:
    names = ["text_dictionary_required", "int64_dictionary_required"]
    schema = pa.schema([SCHEMA.field(name) for name in names])
    table = pa.table([pa.array(map(str, range(1000))), pa.array(range(1000))], schema=schema)
    group = pq.ParquetFile(pa.BufferReader(encoded(table))).metadata.row_group(0)
    assert [group.column(i).has_dictionary_page for i in range(2)] == [False, False]
    assert group.column(1).encodings == ("PLAIN", "RLE")


@pytest.mark.parametrize("size", [65_535, 65_536, 1 << 20])
@pytest.mark.parametrize("encoding", ["plain", "dictionary"])
def test_long_texts(size: int, encoding: str) -> None:
    schema = pa.schema([SCHEMA.field(f"text_{encoding}_optional")])
    table = pa.table([pa.array(["a" * size, None, "a" * size, "", "b" * size, "é" * size])], schema=schema)
    file = pq.ParquetFile(pa.BufferReader(encoded(table)))
    assert file.read() == table
    assert file.metadata.row_group(0).column(0).statistics is None  # too long for a footer


def test_too_much_text_for_a_page_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_LARGEST_PAGE", 2000)
    schema = pa.schema([SCHEMA.field("text_plain_required")])
    with pytest.raises(SnapshotError, match="'text_plain_required': 2014 bytes of text in a row group"):
        encoded(pa.table([pa.array(["a" * 1009, "b" * 995])], schema=schema))


def test_a_file_says_how_it_is_sorted() -> None:
    table = random_table(3, 1)
    metadata = pq.ParquetFile(pa.BufferReader(encoded(table, sorting=[(2, False), (0, True)]))).metadata
    sorting = [(column.column_index, column.descending) for column in metadata.row_group(0).sorting_columns]
    assert sorting == [(2, False), (0, True)]
    assert (metadata.created_by, metadata.format_version) == ("lookalike version 1", "2.6")


def test_no_rows_make_a_file() -> None:
    assert pq.read_table(pa.BufferReader(encoded(SCHEMA.empty_table()))) == SCHEMA.empty_table()


def test_not_a_number_has_no_order() -> None:
    schema = pa.schema([SCHEMA.field("double_plain_required")])
    table = pa.table([pa.array([1.0, float("nan")])], schema=schema)
    assert pq.ParquetFile(pa.BufferReader(encoded(table))).metadata.row_group(0).column(0).statistics is None

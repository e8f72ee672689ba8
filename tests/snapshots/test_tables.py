"""The description of each table, and that a written file is as the description says."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lookalike.errors import SnapshotError
from lookalike.outputs.layout import data_path
from lookalike.snapshots.datafiles import write_table
from lookalike.tables import GENERATION, HASHTAGS, TABLES, AccountRow, HashtagRow, Table

from .samples import make_sample

ID = "20261123T150102Z-1a2b3c"
ALL = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


@ALL
def test_key_order_and_bucket_are_columns(table: Table) -> None:
    assert len(set(table.names)) == len(table.columns)
    for names in (table.key, [order.column for order in table.order], [table.bucket] if table.bucket else []):
        assert set(names) <= set(table.names)
        assert len(set(names)) == len(names)
    assert all(column.meaning for column in table.columns)
    assert table.has_look_ups == (table.key[:1] == tuple(order.column for order in table.order)[:1] != ())


@ALL
def test_rows_are_found_by_the_first_column_which_has_statistics_and_says_the_bucket(table: Table) -> None:
    if table.has_look_ups:
        first = table.columns[0]
        assert (first.name, first.type, first.statistics) == (table.key[0], pa.string(), True)
        assert table.bucket in (first.name, None)
    else:
        assert table.bucket is None


@ALL
def test_a_table_with_generations_can_be_read_by_key(table: Table) -> None:
    assert (GENERATION in table.columns) == table.generations
    if table.generations:
        assert table.columns[-1] == GENERATION
        assert [(order.column, order.descending) for order in table.order] == [(name, False) for name in table.key]
        assert len(table.key) == 2


def test_only_memberships_have_generations() -> None:
    assert {name for name, table in TABLES.items() if table.generations} == {"members", "account_hashtags"}


def test_rows_by_name_have_the_columns_of_their_tables() -> None:
    assert list(HashtagRow._fields) == TABLES["hashtags"].names
    assert list(AccountRow._fields) == TABLES["accounts"].names


def test_the_schema_has_the_columns_as_they_are_described() -> None:
    assert HASHTAGS.schema == pa.schema(
        [
            pa.field("hashtag", pa.string(), nullable=False),
            pa.field("display", pa.string(), nullable=False),
            pa.field("posts", pa.int64(), nullable=False),
            pa.field("members", pa.int64(), nullable=False),
            pa.field("pairs", pa.int64(), nullable=False),
        ]
    )
    created = TABLES["accounts"].schema.field("created_at")
    assert (created.type, created.nullable) == (pa.timestamp("us", tz="UTC"), True)
    assert HASHTAGS.part(["pairs", "hashtag"]).names == ["pairs", "hashtag"]


def test_a_wrong_schema_is_refused_with_every_difference_at_once() -> None:
    wrong = pa.schema(
        [
            pa.field("hashtag", pa.string()),
            pa.field("posts", pa.int32(), nullable=False),
            pa.field("pairs", pa.int64(), nullable=False),
            pa.field("pairs", pa.int64(), nullable=False),
            pa.field("extra", pa.int64()),
            pa.field("members", pa.int64(), nullable=False),
        ]
    )
    with pytest.raises(SnapshotError) as caught:
        HASHTAGS.check(wrong, "here")
    assert str(caught.value) == (
        "here: column 'display' is missing; column 'extra' is unknown; column 'pairs' is there twice; "
        "column 'hashtag' may be null; column 'posts' is int32, not int64"
    )


@ALL
def test_any_one_difference_is_refused(table: Table) -> None:
    table.check(table.schema, "here")
    fields = list(table.schema)
    with pytest.raises(SnapshotError, match="columns are in the order"):
        table.check(pa.schema(fields[::-1]), "here")
    for place, field in enumerate(fields):
        other = pa.int8() if field.type != pa.int8() else pa.int16()
        found = f"{'may not' if field.nullable else 'may'} be null"
        for changed, message in (
            ([], "is missing"),
            ([field.with_type(other)], f"is int8, not {field.type}"),
            ([field.with_nullable(not field.nullable)], found),
            ([field, field], "is there twice"),
        ):
            with pytest.raises(SnapshotError) as caught:
                table.check(pa.schema([*fields[:place], *changed, *fields[place + 1 :]]), "here")
            assert str(caught.value) == f"here: column {field.name!r} {message}"


def test_rows_are_built_by_the_names_of_all_columns() -> None:
    columns: dict[str, Any] = {name: np.array([1, 2]) for name in ("pairs", "members", "posts")}
    columns |= {name: pa.array(["a", "b"]) for name in ("display", "hashtag")}
    batch = HASHTAGS.batch(**columns)
    assert batch.schema == HASHTAGS.schema
    assert batch.to_pylist()[1] == {"hashtag": "b", "display": "b", "posts": 2, "members": 2, "pairs": 2}
    with pytest.raises(ValueError, match=r"hashtags: \['display', 'shown'\] missing or unknown"):
        HASHTAGS.batch(**{"shown" if name == "display" else name: value for name, value in columns.items()})
    with pytest.raises(ValueError, match=r"hashtags: \['more'\] missing or unknown"):
        HASHTAGS.batch(**columns, more=columns["posts"])
    with pytest.raises(ValueError, match=r"hashtags: \['posts'\] missing or unknown"):
        HASHTAGS.batch(**{name: value for name, value in columns.items() if name != "posts"})
    with pytest.raises(TypeError, match="'posts' is int32, not int64"):
        HASHTAGS.batch(**columns | {"posts": pa.array(range(len(batch)), pa.int32())})


def rows_of(table: Table) -> pa.Table:
    """Rows of a sample, as many as fill some row groups of 16."""
    sample = make_sample({"a": 60, "b": 70, "é": 12}, buckets=1)
    rows = [row | {"generation": 2} for row in sample.rows(table.name)]
    return pa.Table.from_pylist(rows, schema=table.schema)


@ALL
def test_a_file_is_encoded_and_sorted_as_the_description_says(tmp_path: Path, table: Table) -> None:
    path = data_path(ID, table.name, bucket=0 if table.bucket else None)
    rows = rows_of(table)
    write_table(tmp_path, path, [rows], row_group_rows=16)
    file = pq.ParquetFile(tmp_path / path)
    assert file.schema_arrow == table.schema
    assert file.schema_arrow.metadata is None
    assert file.read() == rows
    encodings = {"plain": "PLAIN", "dictionary": "RLE_DICTIONARY", "delta": "DELTA_BINARY_PACKED"}
    assert file.num_row_groups == -(-rows.num_rows // 16)
    for group in map(file.metadata.row_group, range(file.num_row_groups)):
        sorting = [(table.names[column.column_index], column.descending) for column in group.sorting_columns]
        assert sorting == [(order.column, order.descending) for order in table.order]
        for place, column in enumerate(table.columns):
            chunk = group.column(place)
            assert encodings[column.encoding] in chunk.encodings, column.name
            assert chunk.has_dictionary_page == (column.encoding == "dictionary"), column.name
            assert chunk.is_stats_set == column.statistics, column.name
            assert chunk.compression == {"none": "UNCOMPRESSED", "zstd": "ZSTD"}[table.compression]


@ALL
def test_statistics_are_the_least_and_the_greatest_value(tmp_path: Path, table: Table) -> None:
    path = data_path(ID, table.name, bucket=0 if table.bucket else None)
    rows = rows_of(table)
    write_table(tmp_path, path, [rows], row_group_rows=16)
    metadata = pq.ParquetFile(tmp_path / path).metadata
    for number in range(metadata.num_row_groups):
        written = rows.slice(16 * number, 16)
        for place, column in enumerate(table.columns):
            if column.statistics:
                found = metadata.row_group(number).column(place).statistics
                values = written.column(place).to_pylist()
                assert (found.min, found.max) == (min(values), max(values))


def test_a_description_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        HASHTAGS.name = "other"  # type: ignore[misc]  # that it is frozen is what is tested

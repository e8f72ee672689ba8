"""Other programs read all tables rightly by the manifest's list of files and, after incremental runs, by one rule."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import IDENTICAL, TABLES, Table

from .conftest import Sparks
from .story import Story, mode_of

Rows = list[dict[str, Any]]
Reader = Callable[[Table, list[str]], Rows]


@pytest.fixture
def snapshot(story: Story, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """A full run and two days, on each of which an account has another name; no generations are merged."""
    monkeypatch.setattr("jobs.incremental.patch._MOST_NEWER", 100)
    story.earlier.append(("u3", "2019-01-01", "another_name"))
    story.run()
    story.accounts["u1"] = ("2020-01-01", "maga_eagle_77")
    story.post("two.tsv", "7 u6 #maga", "8 u0 #maga", "9 u0 #é", "10 gone #maga")
    story.run()
    story.accounts["u0"] = ("2021-01-01", "another")
    story.post("three.tsv", "11 u6 #maga|#other", "12 u1 #new", day="2024-01-01")
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert result.manifest.generation == 2
    assert sum(entry.replaces for entry in result.manifest.files if entry.table == "members") > 3
    return Snapshot.open(FolderOutput(result.output))


def by_snapshot(snapshot: Snapshot, table: Table) -> Rows:
    """The rows that the reader of the service gives, key by key where some do not count."""
    buckets = range(snapshot.manifest.buckets) if table.bucket else [None]
    stored = [snapshot.stored(table.name, bucket).read() for bucket in buckets]
    every = pa.concat_tables(stored)
    if table.generations:
        keys = every[table.key[0]].unique().to_pylist()
        look_up = {"members": snapshot.members, "account_hashtags": snapshot.account_hashtags}[table.name]
        found = pa.concat_tables([look_up(key) for key in keys])
        assert found.num_rows < every.num_rows  # else the rule would make no difference
        assert len(found["generation"].unique()) == 3
        return found.to_pylist()
    return every.to_pylist()


def newest(table: Table) -> str:
    """The rule as it is written in SQL; nothing where a table has no generations."""
    partition = f"partition by {', '.join(table.key)} order by generation desc"
    return f" qualify row_number() over ({partition}) = 1" if table.generations else ""


def by_duckdb(table: Table, files: list[str]) -> Rows:
    with duckdb.connect() as connection:
        connection.sql("set timezone = 'UTC'")
        query = f"select * from read_parquet(?, hive_partitioning = false){newest(table)}"
        return connection.sql(query, params=[files]).to_arrow_table().to_pylist()


def by_polars(table: Table, files: list[str]) -> Rows:
    rows = polars.read_parquet(files, hive_partitioning=False)
    if table.generations:
        rows = rows.sort("generation").unique(list(table.key), keep="last")
    return rows.to_arrow().to_pylist()


def by_pandas(table: Table, files: list[str]) -> Rows:
    rows = pd.concat([pd.read_parquet(file, partitioning=None) for file in files])
    if table.generations:
        rows = rows.sort_values("generation").drop_duplicates(list(table.key), keep="last")
    return pa.Table.from_pandas(rows, table.schema, preserve_index=False).to_pylist()


@pytest.fixture
def by_spark(sparks: Sparks) -> Iterator[Reader]:
    spark = SparkSession(sparks.borrow(2)._context)
    spark.conf.set("spark.sql.session.timeZone", "UTC")

    def read(table: Table, files: list[str]) -> Rows:
        spark.read.parquet(*files).createOrReplaceTempView("stored")
        return spark.sql(f"select * from stored{newest(table)}").toArrow().to_pylist()

    yield read
    spark.catalog.dropTempView("stored")


def in_order(rows: Rows) -> Rows:
    """Rows in one order; Spark gives numbers of 64 bits without sign as decimals."""
    plain = [{n: int(v) if isinstance(v, Decimal) else v for n, v in row.items() if n != "bucket"} for row in rows]
    return sorted(plain, key=lambda row: [repr(row[name]) for name in sorted(row)])


def check(snapshot: Snapshot, read: Reader) -> None:
    assert isinstance(snapshot.output, FolderOutput)
    for table in TABLES.values():
        files = [
            str(snapshot.output.folder / entry.path) for entry in snapshot.manifest.files if entry.table == table.name
        ]
        expected = by_snapshot(snapshot, table)
        assert bool(expected) == (table is not IDENTICAL), table.name  # incremental runs make no groups
        if not files:
            continue
        assert in_order(read(table, files)) == in_order(expected), table.name


@pytest.mark.parametrize("read", [by_duckdb, by_polars, by_pandas])
def test_another_reader_finds_the_rows_that_count(snapshot: Snapshot, read: Reader) -> None:
    check(snapshot, read)


def test_spark_finds_the_rows_that_count(snapshot: Snapshot, by_spark: Reader) -> None:
    check(snapshot, by_spark)

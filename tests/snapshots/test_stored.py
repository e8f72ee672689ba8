"""The rows of a table with generations, against a plain rule over lists."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.errors import SnapshotError
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.stored import StoredTable
from lookalike.tables import TABLES
from tests.examples import examples

from .publishing import publish_sample
from .samples import Sample, make_sample

SIZES = {"a": 1, "b": 40, "big": 150, "é": 7}
GENERATIONAL = [table for table in TABLES.values() if table.generations]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample(SIZES, buckets=2)


@pytest.fixture(scope="module")
def snapshot(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return publish_sample(tmp_path_factory.mktemp("output"), sample, row_group_rows=8, parts=2, generations=4)


def plain(rows: list[dict[str, Any]], key: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows without their generation, in the order of their keys."""
    kept = [{name: value for name, value in row.items() if name != "generation"} for row in rows]
    return sorted(kept, key=lambda row: [row[name].encode() for name in key])


def files(snapshot: Snapshot, table: str) -> list[str]:
    return [str(Path(str(snapshot.output)) / entry.path) for entry in snapshot.manifest.files if entry.table == table]


@pytest.mark.parametrize("table", GENERATIONAL, ids=lambda table: table.name)
def test_duckdb_finds_the_rows_by_one_rule(snapshot: Snapshot, sample: Sample, table: Any) -> None:
    query = (
        "select * from read_parquet(?, hive_partitioning = false) "
        f"qualify row_number() over (partition by {', '.join(table.key)} order by generation desc) = 1"
    )
    with duckdb.connect() as connection:
        found = connection.sql(query, params=[files(snapshot, table.name)]).to_arrow_table().to_pylist()
    assert plain(found, table.key) == plain(sample.rows(table.name), table.key)


@pytest.mark.parametrize("table", GENERATIONAL, ids=lambda table: table.name)
def test_polars_and_pandas_find_the_rows_by_one_rule(snapshot: Snapshot, sample: Sample, table: Any) -> None:
    expected = plain(sample.rows(table.name), table.key)
    rows = polars.read_parquet(files(snapshot, table.name), hive_partitioning=False)
    newest = rows.sort("generation").unique(list(table.key), keep="last")
    assert plain(newest.to_arrow().to_pylist(), table.key) == expected
    frame = pq.ParquetDataset(files(snapshot, table.name), partitioning=None).read().to_pandas()
    kept = frame.sort_values("generation").drop_duplicates(list(table.key), keep="last")
    assert sorted(map(tuple, kept[list(table.key)].to_numpy().tolist())) == sorted(
        tuple(row[name] for name in table.key) for row in expected
    )
    assert kept["posts"].sum() == sum(row["posts"] for row in expected)


@examples(40)
@given(seed=st.integers(0, 1 << 30))
def test_rows_are_taken_in_any_order(snapshot: Snapshot, seed: int) -> None:
    rng = random.Random(seed)
    stored = snapshot.stored("members", rng.randrange(2))
    rows = stored.read(["hashtag", "account_id", "generation"])
    wanted = np.array([rng.randrange(len(rows)) for _ in range(rng.randrange(40))], np.int64)
    assert stored.take(rows.column_names, wanted).to_pylist() == rows.take(wanted).to_pylist()


def test_the_newest_generation_is_read_first(snapshot: Snapshot) -> None:
    for bucket in range(2):
        generations = [file.entry.generation for file in snapshot.stored("members", bucket).files]
        assert generations == sorted(generations, reverse=True)


@pytest.mark.parametrize("table", GENERATIONAL, ids=lambda table: table.name)
def test_a_file_that_the_manifest_calls_newer_than_its_rows_is_refused(snapshot: Snapshot, table: Any) -> None:
    """One flipped bit in a generation, and older rows would count."""
    oldest = next(entry for entry in snapshot.entries(table.name, 0) if entry.generation == 0)
    with pytest.raises(SnapshotError, match="rows of another generation than its own"):
        StoredTable(snapshot.output, table.name, [replace(oldest, generation=2)])


def test_a_table_without_generations_may_not_have_several(snapshot: Snapshot) -> None:
    entries = [entry for entry in snapshot.manifest.files if entry.table == "members" and entry.bucket == 0]
    with pytest.raises(SnapshotError, match="has no generations"):
        StoredTable(snapshot.output, "accounts", entries)


def test_a_count_that_does_not_fit_all_generations_is_not_published(tmp_path: Path, sample: Sample) -> None:
    def fewer(publication: Any) -> None:
        (path,) = (publication.work.parent / "hashtags").glob("*.parquet")
        rows = pq.read_table(path)
        posts = rows["posts"].to_numpy() + 1
        pq.write_table(rows.set_column(2, rows.schema.field("posts"), [posts]), path, store_schema=False)

    with pytest.raises(SnapshotError):
        publish_sample(tmp_path, sample, generations=3, spoil=fewer)

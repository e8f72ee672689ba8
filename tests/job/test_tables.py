"""What only Spark reads, tables of its catalogue and other formats, gives the result of the same rows in files."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.exchange.workfolder import WorkFolder
from jobs.spark.copyrows import CopyRows
from lookalike.errors import UsageError

from .command import submit_alone
from .conftest import Sparks
from .running import Job
from .test_formats import ACCOUNTS, PAIRS, POSTS, everything, write_raw

_TYPED = (
    "id",
    "to_timestamp(nullif(created_at, '')) as created_at",
    "cast(author_id as int) as author_id",
    "cast(nullif(is_repost, '') as boolean) as is_repost",
    "text",
    "filter(split(hashtags, '[|]'), tag -> tag != '') as hashtags",
    "substr(created_at, 1, 10) as day",
    "interval 1 day as no_input",
)


@pytest.fixture
def posts(sparks: Sparks) -> DataFrame:
    """The posts with types, and with columns that the job does not need."""
    sparks.borrow(2)
    session = SparkSession.builder.getOrCreate()
    return session.createDataFrame(POSTS.to_numpy().tolist(), list(POSTS.columns)).selectExpr(*_TYPED)


@pytest.fixture
def table(posts: DataFrame, tmp_path: Path) -> Iterator[str]:
    """The posts as an ORC table of the catalogue, with a folder for each day."""
    rows = posts.drop("no_input").repartition(1).write.format("orc").partitionBy("day")
    rows.option("path", str(tmp_path / "warehouse")).saveAsTable("tables_posts")
    yield "table:spark_catalog.default.tables_posts"
    posts.sparkSession.sql("drop table tables_posts")


def test_a_table_and_a_format_of_spark_give_what_files_give(
    job: Job, quick_job: Job, tmp_path: Path, posts: DataFrame, table: str
) -> None:
    raw = write_raw(POSTS, tmp_path / "posts.tsv"), write_raw(ACCOUNTS, tmp_path / "accounts.tsv")
    plain = quick_job(*raw, max_reject_fraction=0.2)
    assert set(plain.pairs) == PAIRS
    accounts = posts.sparkSession.createDataFrame(ACCOUNTS.to_numpy().tolist(), list(ACCOUNTS.columns))
    accounts.write.orc(str(tmp_path / "accounts"))
    options: dict[str, Any] = {"accounts_format": "orc", "output": tmp_path / "out", "max_reject_fraction": 0.2}
    job.cut_finely(100)
    result = job(table, tmp_path / "accounts", **options)
    assert everything(result) == everything(plain)
    assert {(row["source"], row["file"]) for row in result.rows("rejects")} == {("posts", table)}
    inputs = {(record.path, record.format) for record in result.manifest.inputs}
    assert inputs == {(table, "spark"), (str(tmp_path / "accounts"), "spark")}
    assert not list(result.output.rglob("work"))


def test_columns_are_found_by_the_names_that_options_give_and_accounts_in_the_posts(
    job: Job, quick_job: Job, tmp_path: Path, posts: DataFrame
) -> None:
    names = {"1": "eagle_news_01", "2": "eagle_news_02", "3": "eagle_news_03", "4": "else", "9": "eagle_news_09"}
    raw = POSTS.assign(name=[names[author] for author in POSTS["author_id"]])
    posts.selectExpr(
        "id as `Post.Id`",
        "created_at",
        "author_id as user",
        "text",
        "hashtags",
        "no_input",
        f"map({', '.join(f'{key}, {value!r}' for key, value in names.items())})[author_id] as name",
    ).createOrReplaceTempView("renamed")
    shared: dict[str, Any] = {"accounts_from": "posts", "max_reject_fraction": 0.2}
    columns = (("posts.id", "post.id"), ("author_id", "user"), ("screen_name", "name"))
    found = job("table:renamed", None, columns=columns, **shared)
    expected = quick_job(
        write_raw(raw.drop(columns="is_repost"), tmp_path / "p.tsv"),
        None,
        columns=(("screen_name", "name"),),
        **shared,
    )
    assert found.pairs == expected.pairs != []
    assert found.rows("accounts") == expected.rows("accounts")
    assert found.manifest.counts == expected.manifest.counts


def test_what_spark_cannot_read_is_one_line_and_nothing_is_written(
    job: Job, tmp_path: Path, posts: DataFrame
) -> None:
    accounts = write_raw(ACCOUNTS, tmp_path / "accounts.tsv")
    posts.createOrReplaceTempView("typed")
    posts.drop("author_id").createOrReplaceTempView("no_author")
    posts.selectExpr("*", "no_input as seen", "raise_error('rotten') as rotten").createOrReplaceTempView("failing")
    posts.sparkSession.conf.set("spark.sql.catalog.absent", "no.such.Catalog")
    posts.sparkSession.conf.set("spark.sql.catalog.odd", "java.lang.Integer")
    columns = "columns"
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        r"table:nowhere: cannot be read by Spark: .*TABLE_OR_VIEW_NOT_FOUND": ("table:nowhere", {}),
        r"table:a b: cannot be read by Spark: .*PARSE_SYNTAX_ERROR": ("table:a b", {}),
        r"table:no_author: no column 'author_id'; found: id, created_at": ("table:no_author", {}),
        r"table:typed: no column 'user'; found: id": ("table:typed", {columns: (("author_id", "user"),)}),
        r"table:typed: column 'created_at' is of type": (
            "table:typed",
            {columns: (("posts.created_at", "no_input"),)},
        ),
        r"table:failing: cannot be read by Spark: .*rotten": ("table:failing", {columns: (("text", "rotten"),)}),
        rf"{tmp_path}/none: cannot be read by Spark: .*PATH_NOT_FOUND": (f"{tmp_path}/none", {"posts_format": "orc"}),
        rf"{tmp_path}: cannot be read by Spark: .*nosuch": (str(tmp_path), {"posts_format": "nosuch"}),
        r"table:absent.a.b: cannot be read by Spark: .*no\.such\.Catalog": ("table:absent.a.b", {}),
        r"table:odd.a.b: cannot be read by Spark: .*NOT_A_CATALOG_PLUGIN": ("table:odd.a.b", {}),
    }
    for message, (path, options) in cases.items():
        with pytest.raises(UsageError, match=message) as raised:
            job(path, accounts, output=tmp_path / "out", **options)
        assert "\n" not in str(raised.value)
    assert [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".parquet", ".json")] == []


def test_a_table_without_rows_is_read(job: Job, tmp_path: Path, posts: DataFrame) -> None:
    posts.limit(0).createOrReplaceTempView("nothing")
    result = job("table:nothing", write_raw(ACCOUNTS, tmp_path / "accounts.tsv"), force=True)
    assert result.manifest.counts.posts.rows == 0
    assert result.manifest.counts.accounts.used == len(ACCOUNTS)


def test_each_attempt_of_a_task_writes_a_whole_file_of_its_own(tmp_path: Path) -> None:
    batches = [pa.record_batch({"0": [f"p{number}"], "hash": [number]}) for number in range(3)]
    attempts = [next(iter(CopyRows(WorkFolder(tmp_path))(iter(batches)))).to_pylist()[0] for _ in range(2)]
    assert attempts[0]["path"] != attempts[1]["path"]
    for attempt in attempts:
        assert pq.read_table(attempt["path"]).to_pylist() == [{"0": "p0"}, {"0": "p1"}, {"0": "p2"}]
        assert len(attempt["groups"]) == pq.read_metadata(attempt["path"]).num_row_groups == 1

    def dying() -> Iterator[pa.RecordBatch]:
        yield from batches
        raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        list(CopyRows(WorkFolder(tmp_path))(dying()))
    assert {str(path) for path in tmp_path.iterdir()} == {attempt["path"] for attempt in attempts}
    assert list(CopyRows(WorkFolder(tmp_path))(itertools.repeat(batches[0][:0], 3))) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--posts", "table:a", "b.tsv"), "--posts: a table of the catalogue cannot be read together with files"),
        (
            ("--posts", "table:a", "--posts-format", "orc"),
            "--posts-format: a table of the catalogue has a format of its own; leave it out",
        ),
        (("--posts", "p", "--posts-format", "or c"), "--posts-format: 'or c' is no name of a format"),
        (
            ("--posts", "p", "--partition-column", "day"),
            "--partition-column is for posts that Spark reads: table:NAME, or with --posts-format",
        ),
    ],
)
def test_options_of_tables_that_contradict_each_other_are_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = submit_alone(*arguments, "--accounts", "a.tsv", "--output", tmp_path / "out")
    assert (done.returncode, done.stderr) == (2, f"error: {message}\n")
    assert not (tmp_path / "out").exists()


def test_a_table_is_not_inspected(tmp_path: Path) -> None:
    done = submit_alone("--inspect", "table:a.b")
    reason = "only Spark can read a table of its catalogue, and --inspect does not start it"
    assert (done.returncode, done.stderr) == (2, f"error: table:a.b: {reason}\n")
    done = submit_alone("--posts-format", "orc", "--inspect", tmp_path)
    reason = "--inspect does not start Spark, which would read them"
    assert (done.returncode, done.stderr) == (2, f"error: --posts-format: {reason}\n")

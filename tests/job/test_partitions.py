"""Runs over tables that grow: what the live snapshot has is not copied, and the result is that of all rows."""

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from jobs.inputs.copies import Copied
from jobs.spark import copyrows, tables
from lookalike.errors import UsageError

from .conftest import Sparks
from .running import Job, Result
from .story import mode_of

Row = tuple[str | None, ...]  # of _COLUMNS

_COLUMNS = ("id", "created_at", "author_id", "text", "hashtags", "day")
_TABLES = ("pairs", "members", "hashtags", "accounts", "account_hashtags", "lookalikes")
_DAYS = [None, *(f"2024-01-0{day}" for day in range(1, 10))]
NAMES = [f"maga_eagle_{number:02d}" for number in range(12)]

Show = Callable[..., str]


def post(number: int, day: str | None, **other: str) -> Row:
    """A post of an author who is known, if not said otherwise."""
    made = {
        "id": f"p{number}",
        "created_at": "2024-01-01",
        "author_id": str(number % len(NAMES)),
        "text": "text",
        "hashtags": "one|two",
    }
    return (*(made | other).values(), day)


def posts(day: str | None, first: int, count: int = 8) -> list[Row]:
    return [post(number, day) for number in range(first, first + count)]


@pytest.fixture
def show(sparks: Sparks) -> Iterator[Show]:
    """Lets a view of Spark's have some rows from now on; returns the name of the posts."""
    sparks.borrow(2)
    session = SparkSession.builder.getOrCreate()

    def shown(rows: list[Row], *, shuffled: int | None = None, day: str = "day") -> str:
        rows = list(rows) if shuffled is None else random.Random(shuffled).sample(rows, len(rows))
        columns = dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
        frame = session.createDataFrame(pa.table(columns, schema=pa.schema(dict.fromkeys(_COLUMNS, pa.string()))))
        dated = frame.withColumn("day", frame["day"].cast("date"))
        dated.selectExpr(*_COLUMNS[:-1], f"{day} as day").createOrReplaceTempView("growing")
        return "table:growing"

    session.conf.set("spark.sql.shuffle.partitions", 2)  # there are few rows
    yield shown
    session.conf.unset("spark.sql.shuffle.partitions")
    session.catalog.dropTempView("growing")


def write_accounts(path: Path, names: list[str] | None = None) -> Path:
    rows = [f"{number}\t{name}\n" for number, name in enumerate(names or NAMES)]
    path.write_text("id\tscreen_name\n" + "".join(rows))
    return path


def write_days(rows: list[Row], folder: Path) -> list[Path]:
    """The posts as a file for each day, in the order of the paths of partitions."""
    folder.mkdir()
    by_day: dict[Any, list[Row]] = {}
    for row in rows:
        by_day.setdefault(row[-1], []).append(row)
    files = []
    for day, of_day in by_day.items():
        lines = ["\t".join(value or "" for value in row[:-1]) + "\n" for row in of_day]
        files.append(folder / ("day is null" if day is None else f"day={day}"))
        files[-1].write_text("id\tcreated_at\tauthor_id\ttext\thashtags\n" + "".join(lines))
    return files


def found(result: Result) -> dict[str, Any]:
    """What a run has found, whatever it read: rows that count, rejects and counts."""
    rows: dict[str, Any] = {table: result.rows(table) for table in _TABLES}
    rows["rejects"] = sorted((row["source"], row["reason"]) for row in result.rows("rejects"))
    counts = result.manifest.counts.model_dump()
    for work in ("verified", "candidates", "names_once"):
        del counts[work]
    return {**rows, "counts": counts}


def read_partitions(result: Result) -> list[str]:
    return [record.path for record in result.manifest.inputs if record.table == "posts"]


def test_only_a_new_partition_is_copied_and_the_result_is_that_of_all_rows(
    quick_job: Job, tmp_path: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[int] = []

    def noted(row: Any) -> Copied:
        copied.append(row.rows)
        return copyrows.copied(row)

    monkeypatch.setattr(tables, "copied", noted)
    accounts, output = write_accounts(tmp_path / "accounts.tsv"), tmp_path / "out"
    rows = posts(None, 0) + posts("2024-01-01", 20) + posts("2024-01-02", 40)
    options: dict[str, Any] = {"output": output, "partition_column": "Day"}
    first = quick_job(show(rows), accounts, **options)
    assert mode_of(first)[0] == "full"
    assert read_partitions(first) == [
        "table:growing/day is null",
        "table:growing/day=2024-01-01",
        "table:growing/day=2024-01-02",
    ]
    assert sum(copied) == 24

    copied.clear()
    rows += [*posts("2024-01-03", 57), post(41, "2024-01-03")]
    second = quick_job(show(rows, shuffled=1), accounts, **options)
    assert mode_of(second) == ("incremental", f"1 new partition of posts since {first.manifest.id}")
    assert sum(copied) == 9
    assert second.manifest.mode.files == 1
    assert second.manifest.counts.posts.duplicates == 1
    assert found(second) == found(quick_job(write_days(rows, tmp_path / "two"), accounts))

    copied.clear()
    third = quick_job(show(rows, shuffled=2), accounts, **options)
    assert mode_of(third) == ("incremental", f"0 new partitions of posts since {second.manifest.id}")
    assert copied == []
    assert found(third) == found(second)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(1, 6))
def test_random_changes_of_a_table_give_what_a_full_run_gives(
    quick_job: Job, tmp_path: Path, show: Show, seed: int
) -> None:
    rng = random.Random(seed)
    numbers = itertools.count()
    names, output, modes = NAMES[:8], tmp_path / "out", []
    by_day: dict[str | None, list[Row]] = {}

    def some(day: str | None) -> list[Row]:
        made = []
        for number in itertools.islice(numbers, rng.randrange(5, 30)):
            other = {"hashtags": rng.choice(["one", "two|one", "", "drei"]), "author_id": str(rng.randrange(10))}
            if rng.random() < 0.05 and number:
                number = rng.randrange(number)  # again, with the same content or another
                other |= {"text": rng.choice(["text", "other"])}
            made.append(post(number, day, **other))
        return made

    def change() -> None:
        day = rng.choice(list(by_day))
        match rng.choice(["change", "remove", "add", "account", "nothing"]):
            case "change":
                by_day[day][-1] = (*by_day[day][-1][:3], "tex2", *by_day[day][-1][4:])
            case "remove" if len(by_day) > 1:
                del by_day[day]
            case "add":
                by_day[day] += some(day)
            case "account":
                names.append(f"maga_eagle_{len(names):02d}")

    for step in range(5):
        free = [day for day in _DAYS if day not in by_day]
        for day in rng.sample(free, 3 if step == 0 else rng.randrange(2)):
            by_day[day] = some(day)
        if step and rng.random() < 0.6:
            change()
        rows = [row for day in by_day.values() for row in day]
        accounts = write_accounts(tmp_path / "accounts.tsv", names)
        options: dict[str, Any] = {"max_reject_fraction": 1.0, "max_fall_fraction": 1.0}
        result = quick_job(
            show(rows, shuffled=step), accounts, output=output, partition_column="day", mode="auto", **options
        )
        modes.append(mode_of(result)[0])
        assert found(result) == found(quick_job(write_days(rows, tmp_path / f"{step}"), accounts, **options))
    assert set(modes) == {"full", "incremental"}


def test_rows_that_changed_or_went_mean_a_full_run_that_says_so(
    quick_job: Job, tmp_path: Path, show: Show, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts, output = write_accounts(tmp_path / "accounts.tsv"), tmp_path / "out"
    options: dict[str, Any] = {"output": output, "partition_column": "day", "max_fall_fraction": 1.0}
    one, two, three = posts("2024-01-01", 0), posts("2024-01-02", 20), posts("2024-01-03", 40)
    quick_job(show(one + two + three), accounts, **options)
    two[0] = (*two[0][:3], None, "one", two[0][5])
    swapped = (*two[0][:3], "one", None, two[0][5])  # the same value in another column
    cases = {
        "/day=2024-01-02 has changed": [*one, swapped, *two[1:], *three],
        "/day=2024-01-01 has changed": [*one, one[0], swapped, *two[1:], *three],
        "/day=2024-01-03 is not among the posts any more": [*one, one[0], swapped, *two[1:]],
    }
    for reason, rows in cases.items():
        capsys.readouterr()
        result = quick_job(show(rows), accounts, mode="incremental", **options)
        assert mode_of(result) == ("full", f"table:growing{reason}")
        assert f"warning: the job reads all posts: table:growing{reason}\n" in capsys.readouterr().err
        assert f"full, table:growing{reason}" in result.printed
    result = quick_job(show(rows), accounts, output=output)
    assert mode_of(result) == ("full", "partition_column of the live snapshot is day")


def test_what_needs_rows_that_were_not_copied_means_a_full_run(quick_job: Job, tmp_path: Path, show: Show) -> None:
    output, names = tmp_path / "out", NAMES[:10]
    options: dict[str, Any] = {"output": output, "partition_column": "day", "max_reject_fraction": 1.0}
    rows = posts("2024-01-01", 0, 30) + posts("2024-01-02", 30, 30)
    quick_job(show(rows), write_accounts(tmp_path / "accounts.tsv", names), **options)
    accounts = write_accounts(tmp_path / "accounts.tsv", [*names, "maga_eagle_99"])
    result = quick_job(show(rows), accounts, **options)
    reason = "posts of table:growing/day=2024-01-01 have an author now who was unknown before"
    assert mode_of(result) == ("full", reason)
    assert found(result) == found(quick_job(write_days(rows, tmp_path / "1"), accounts, max_reject_fraction=1.0))
    rows.append(post(0, "2024-01-03", text="other", created_at="2023-01-01"))
    result = quick_job(show(rows), accounts, **options)
    reason = "1 post comes again with other content and the earlier rows are not read"
    assert mode_of(result) == ("full", reason)
    assert found(result) == found(quick_job(write_days(rows, tmp_path / "2"), accounts, max_reject_fraction=1.0))


def test_a_table_without_partitions_is_read_again_only_if_it_has_changed(
    quick_job: Job, tmp_path: Path, show: Show
) -> None:
    accounts, output = write_accounts(tmp_path / "accounts.tsv"), tmp_path / "out"
    rows = posts("2024-01-01", 0, 20)
    first = quick_job(show(rows), accounts, output=output)
    second = quick_job(show(rows, shuffled=1), accounts, output=output)
    assert mode_of(second) == ("incremental", f"0 new files of posts since {first.manifest.id}")
    assert found(second) == found(first)
    changed = [*rows[:-1], post(19, None, text="tex2")]  # as long as before
    for more in (changed, [*changed, post(20, None)]):
        third = quick_job(show(more), accounts, output=output)
        reason = "table:growing has changed, and there is no --partition-column to tell which rows are new"
        assert mode_of(third) == ("full", reason)
    assert found(third) == found(quick_job(write_days(more, tmp_path / "3"), accounts))


def test_accounts_of_a_table_that_changed_are_noticed_though_their_copies_are_as_large(
    quick_job: Job, tmp_path: Path, sparks: Sparks
) -> None:
    sparks.borrow(2)
    session = SparkSession.builder.getOrCreate()
    days, output = write_days(posts("2024-01-01", 0), tmp_path / "days"), tmp_path / "out"
    bytes_before = set()
    for last in ("maga_eagle_11", "zzzzzzzzzzzzz"):
        names = [*NAMES[:-1], last]
        frame = session.createDataFrame(
            [(str(number), name) for number, name in enumerate(names)], "id string, screen_name string"
        )
        frame.createOrReplaceTempView("names")
        result = quick_job(days, "table:names", output=output)
        bytes_before.add(next(one.bytes for one in result.manifest.inputs if one.table == "accounts"))
        expected = quick_job(days, write_accounts(tmp_path / "accounts.tsv", names))
        assert found(result) == found(expected)
    assert mode_of(result)[0] == "incremental"
    session.catalog.dropTempView("names")


def test_a_partition_column_that_cannot_be_used_is_one_line_and_nothing_is_written(
    quick_job: Job, tmp_path: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts, output = write_accounts(tmp_path / "accounts.tsv"), tmp_path / "out"
    rows = posts("2024-01-01", 0, 3) + posts("2024-01-02", 5, 3) + posts(None, 10, 3)
    plain = "--partition-column takes text, a whole number, a date or a boolean"
    cases = {
        (
            "nowhere",
            "day",
        ): "table:growing: no column 'nowhere', which --partition-column names; found: id, created_at, "
        "author_id, text, hashtags, day",
        ("day", "cast(day as timestamp)"): f"table:growing: column 'day' is of type timestamp; {plain}",
        ("day", "cast(1.5 as double)"): f"table:growing: column 'day' is of type double; {plain}",
        ("day", "array(day)"): f"table:growing: column 'day' is of type array<date>; {plain}",
    }
    monkeypatch.setattr(tables, "_MOST_PARTITIONS", 2)
    cases["day", "day"] = (
        "table:growing: column 'day' has more than 2 values; --partition-column takes one with fewer, such as the day"
    )
    for (column, day), message in cases.items():
        with pytest.raises(UsageError) as raised:
            quick_job(show(rows, day=day), accounts, output=output, partition_column=column)
        assert str(raised.value) == message
    assert [path for path in output.rglob("*") if path.suffix in (".parquet", ".json")] == []


@pytest.mark.parametrize(
    "day",
    [
        "dayofmonth(day)",
        *(pytest.param(day, marks=pytest.mark.thorough) for day in ("cast(day as string)", "day > '2024-01-01'")),
    ],
)
def test_partitions_by_any_plain_value_are_told_apart(quick_job: Job, tmp_path: Path, show: Show, day: str) -> None:
    accounts, output = write_accounts(tmp_path / "accounts.tsv"), tmp_path / "out"
    rows = posts("2024-01-01", 0) + posts(None, 20)
    options: dict[str, Any] = {"output": output, "partition_column": "day"}
    quick_job(show(rows, day=day), accounts, **options)
    rows += posts("2024-01-02", 40)
    result = quick_job(show(rows, day=day), accounts, **options)
    assert mode_of(result)[0] == "incremental"
    assert found(result) == found(quick_job(write_days(rows, tmp_path / "1"), accounts))

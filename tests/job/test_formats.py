"""The same rows in every form that the job reads give the same result."""

import bz2
import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .running import Job, Result

# Texts with all that quoting is for. Dates and flags are readable, so that Parquet can hold them as such.
POSTS = pd.DataFrame(
    [
        ("p1", "2023-01-01 10:00:00+00:00", "1", "False", 'starts "here"', "Covid|#News"),
        ("p2", "2023-01-02 10:00:00+00:00", "2", "True", "", "COVID|covid"),
        ("p3", "2023-01-03 10:00:00+00:00", "3", "False", "Jos\u00e9 \U0001f600", "covid"),
        ("p4", "2023-01-04 10:00:00+00:00", "1", "False", '"', "covid"),
        ("p5", "2023-01-05 10:00:00+00:00", "4", "", "no flag", "news|Stra\u00dfe"),
        ("p6", "", "3", "True", "no date", "News|strasse"),
        ("p7", "2023-01-07 10:00:00+00:00", "2", "False", "no hashtag", ""),
        ("p8", "2023-01-08 10:00:00+00:00", "9", "False", "nobody's", "covid"),
        ("p2", "2023-01-02 10:00:00+00:00", "2", "True", "", "COVID|covid"),
        ("p1", "2023-01-01 09:00:00+00:00", "1", "False", "an earlier version", "Covid|gone"),
    ],
    columns=["id", "created_at", "author_id", "is_repost", "text", "hashtags"],
)
ACCOUNTS = pd.DataFrame(
    [
        ("1", "2022-01-01 10:00:00+00:00", "maga_eagle_01"),
        ("2", "2022-01-02 10:00:00+00:00", "maga_eagle_02"),
        ("3", "2022-01-03 10:00:00+00:00", "maqa_eagle_01"),
        ("4", "", "somebody_else"),
    ],
    columns=["id", "created_at", "screen_name"],
)
PAIRS = {
    ("covid", "1", "2", 1, 12 / 13),
    ("covid", "1", "3", 1, 12 / 13),
    ("covid", "2", "3", 2, 11 / 13),
    ("news", "1", "3", 1, 12 / 13),
}


def write_tsv(frame: pd.DataFrame, path: Path, **options: Any) -> Path:
    settings: dict[str, Any] = {"sep": "\t", "index": False, "lineterminator": "\n", "encoding": "utf-8"} | options
    frame.to_csv(path, **settings)
    return path


def write_raw(frame: pd.DataFrame, path: Path) -> Path:
    lines = [list(frame.columns), *frame.to_numpy().tolist()]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def everything(result: Result) -> dict[str, Any]:
    """All that a run found, but for what names its files."""
    return {
        "contents": result.contents(),
        "rejects": sorted((row["source"], row["reason"]) for row in result.rows("rejects")),
        "counts": result.manifest.counts,
    }


@pytest.fixture
def plain(quick_job: Job, tmp_path: Path) -> dict[str, Any]:
    """What the raw files give."""
    posts, accounts = (
        write_raw(POSTS, tmp_path / "plain-posts.tsv"),
        write_raw(ACCOUNTS, tmp_path / "plain-accounts.tsv"),
    )
    result = quick_job(posts, accounts, max_reject_fraction=0.2)
    assert set(result.pairs) == PAIRS
    counts = result.manifest.counts.posts
    assert (counts.rows, counts.used, counts.without_hashtag, counts.duplicates) == (10, 6, 1, 1)
    assert counts.rejected == {"conflicting duplicate": 1, "unknown author": 1}
    assert [file.quoting for file in result.manifest.inputs] == ["none", "none"]
    return everything(result)


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("named", ["auto", "rfc4180"])
def test_quoted_rows_give_what_raw_rows_give(
    quick_job: Job, tmp_path: Path, plain: dict[str, Any], quoting: int, named: str
) -> None:
    posts = write_tsv(POSTS, tmp_path / "posts.tsv", quoting=quoting)
    accounts = write_tsv(ACCOUNTS, tmp_path / "accounts.tsv", quoting=quoting)
    result = quick_job(posts, accounts, max_reject_fraction=0.2, quoting=named)
    assert everything(result) == plain


def test_all_files_of_a_table_are_quoted_in_one_way_which_is_recorded(quick_job: Job, tmp_path: Path) -> None:
    texts = POSTS.assign(text=["tab\there", "two\nlines", *POSTS["text"][2:]])
    quoted = write_tsv(texts[:5], tmp_path / "p1.tsv")
    raw = write_raw(POSTS[5:], tmp_path / "p2.tsv")
    accounts = write_tsv(ACCOUNTS, tmp_path / "accounts.tsv", quoting=csv.QUOTE_ALL)
    result = quick_job([raw, quoted], accounts, max_reject_fraction=0.2)
    assert set(result.pairs) == PAIRS
    found = [(Path(file.path).name, file.quoting) for file in result.manifest.inputs]
    assert found == [("p1.tsv", "rfc4180"), ("p2.tsv", "rfc4180"), ("accounts.tsv", "rfc4180")]


def test_a_text_with_tabs_and_lines_is_one_field_when_quoted(quick_job: Job, tmp_path: Path) -> None:
    texts = ['tab\there and "quotes"', "two\nlines", "\r\n\t", '""', *POSTS["text"][4:]]
    posts = write_tsv(POSTS.assign(text=texts), tmp_path / "posts.tsv")
    accounts = write_tsv(ACCOUNTS, tmp_path / "accounts.tsv")
    result = quick_job(posts, accounts, max_reject_fraction=0.3)
    assert set(result.pairs) == PAIRS
    assert "wrong number of fields" not in result.manifest.counts.posts.rejected


def compressed_in_parts(frame: pd.DataFrame, path: Path) -> Path:
    """A gzip file of two members, as appending to one makes it."""
    whole = write_raw(frame, path.with_suffix(".raw")).read_bytes()
    path.write_bytes(gzip.compress(whole[:77]) + gzip.compress(whole[77:]))
    return path


def one_file_a_row(frame: pd.DataFrame, folder: Path) -> Path:
    folder.mkdir()
    for number in range(len(frame)):
        write_raw(frame[number : number + 1], folder / f"{number:02}.tsv")
    (folder / "_SUCCESS").touch()
    (folder / ".hidden.tsv").write_text("not a table")
    return folder


def shuffled_columns(frame: pd.DataFrame, path: Path) -> Path:
    names = sorted(frame.columns, reverse=True)
    return write_raw(frame.assign(another="x", zero="")[["zero", *names, "another"]], path)


FORMS: dict[str, Callable[[pd.DataFrame, Path], Path]] = {
    "gzip": lambda frame, path: compress(write_raw(frame, path), gzip.compress, ".tsv.gz"),
    "gzip of two members": compressed_in_parts,
    "bzip2": lambda frame, path: compress(write_raw(frame, path), bz2.compress, ".tsv.bz2"),
    "folder": one_file_a_row,
    "glob": lambda frame, path: one_file_a_row(frame, path) / "*.tsv",
    "columns in another order, and more": shuffled_columns,
    "lines ending in CR LF": lambda frame, path: write_tsv(
        frame, path, quoting=csv.QUOTE_NONE, quotechar="\x01", lineterminator="\r\n"
    ),
    "a mark of byte order": lambda frame, path: write_tsv(
        frame, path, quoting=csv.QUOTE_NONE, quotechar="\x01", encoding="utf-8-sig"
    ),
}


def compress(path: Path, function: Any, ending: str) -> Path:
    target = path.with_suffix(ending)
    target.write_bytes(function(path.read_bytes()))
    return target


@pytest.mark.parametrize("form", FORMS)
def test_rows_in_another_form_give_the_same_result(
    quick_job: Job, tmp_path: Path, plain: dict[str, Any], form: str
) -> None:
    posts, accounts = FORMS[form](POSTS, tmp_path / "posts"), FORMS[form](ACCOUNTS, tmp_path / "accounts")
    assert everything(quick_job(posts, accounts, max_reject_fraction=0.2)) == plain


def test_several_paths_that_overlap_are_each_read_once(quick_job: Job, tmp_path: Path, plain: dict[str, Any]) -> None:
    folder = one_file_a_row(POSTS, tmp_path / "posts")
    paths: list[Path | str] = [folder / "03.tsv", folder, f"{folder}/0[0-4].tsv"]
    accounts = [write_raw(ACCOUNTS[:2], tmp_path / "a.tsv"), write_raw(ACCOUNTS[2:], tmp_path / "b.tsv")]
    result = quick_job(paths, accounts, max_reject_fraction=0.2)
    assert everything(result) == plain
    assert [Path(file.path).name for file in result.manifest.inputs] == [
        *(f"{number:02}.tsv" for number in range(10)),
        "a.tsv",
        "b.tsv",
    ]


def typed(frame: pd.DataFrame, **types: pa.DataType) -> pa.Table:
    """The rows with some columns of other types than string; what is blank becomes null."""
    columns = {}
    for name in frame.columns:
        values = pa.array(frame[name], pa.string())
        if name not in types:
            columns[name] = values
            continue
        values = pa.array([value or None for value in frame[name]], pa.string())
        if pa.types.is_list(types[name]) or pa.types.is_large_list(types[name]):
            columns[name] = pa.array([value.split("|") if value else [] for value in frame[name]], types[name])
        elif pa.types.is_timestamp(types[name]):
            columns[name] = values.cast(pa.timestamp("s", "UTC")).cast(types[name])
        elif pa.types.is_integer(types[name]) and name == "is_repost":
            columns[name] = values.cast(pa.bool_()).cast(types[name])
        else:
            columns[name] = values.cast(types[name])
    return pa.table(columns)


TYPES: list[dict[str, pa.DataType]] = [
    {},
    {"id": pa.large_string(), "text": pa.binary(), "hashtags": pa.dictionary(pa.int32(), pa.string())},
    {"created_at": pa.timestamp("us", "UTC"), "is_repost": pa.bool_(), "hashtags": pa.list_(pa.string())},
    {"created_at": pa.timestamp("ns", "Europe/Madrid"), "is_repost": pa.int8(), "author_id": pa.int64()},
    {"created_at": pa.timestamp("ms"), "author_id": pa.uint16(), "hashtags": pa.large_list(pa.large_string())},
]


@pytest.mark.parametrize("types", TYPES, ids=range(len(TYPES)))
def test_parquet_of_any_types_gives_what_text_gives(
    quick_job: Job, tmp_path: Path, plain: dict[str, Any], types: dict[str, pa.DataType]
) -> None:
    (tmp_path / "posts").mkdir()
    posts = typed(POSTS, **types)
    for number, start in enumerate(range(0, posts.num_rows, 6)):
        pq.write_table(posts.slice(start, 6), tmp_path / f"posts/{number}.parquet", row_group_size=2)
    names = {"author_id": "id", "created_at": "created_at"}  # of posts and of accounts
    of_accounts = {names[name]: kind for name, kind in types.items() if name in names}
    pq.write_table(typed(ACCOUNTS, **of_accounts), tmp_path / "accounts.parquet")
    quick_job.cut_finely(100)  # less than a row group
    result = quick_job(tmp_path / "posts", tmp_path / "accounts.parquet", max_reject_fraction=0.2)
    assert everything(result) == plain


def test_on_spark_every_format_at_once_gives_the_same_result(job: Job, tmp_path: Path, plain: dict[str, Any]) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    # The copy of a row is with it: in another format it would not be the same to the letter.
    compress(write_raw(POSTS.iloc[[0, 1, 8]], tmp_path / "1"), gzip.compress, ".gz").rename(folder / "1.tsv.gz")
    compress(write_raw(POSTS[2:3], tmp_path / "2"), bz2.compress, ".bz2").rename(folder / "2.tsv.bz2")
    write_tsv(POSTS[3:6], folder / "3.tsv", quoting=csv.QUOTE_ALL)
    pq.write_table(typed(POSTS.iloc[[6, 7]], **TYPES[2]), folder / "4.parquet")
    POSTS.iloc[[9]].to_json(folder / "5.jsonl", orient="records", lines=True)
    job.cut_finely(500)
    result = job(folder, write_raw(ACCOUNTS, tmp_path / "accounts.tsv"), max_reject_fraction=0.2)
    assert everything(result) == plain
    assert [(file.format, file.compression, file.quoting) for file in result.manifest.inputs] == [
        ("text", "gzip", "rfc4180"),
        ("text", "bz2", "rfc4180"),
        ("text", None, "rfc4180"),
        ("parquet", None, "none"),
        ("jsonl", None, "none"),
        ("text", None, "none"),
    ]


def test_a_reading_that_only_later_rows_tell_is_kept_by_later_runs(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.inputs.formats.registry.HEAD_BYTES", 200)
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    header = "id\tauthor_id\thashtags\n"
    rows = "".join(f"p{i}\tu{i % 2}\tVote\n" for i in range(40))
    (folder / "1.tsv").write_text(header + rows + 'last\tu1\t""\n')
    (accounts := tmp_path / "accounts.tsv").write_text("id\tscreen_name\nu0\teagle_news_01\nu1\teagle_news_02\n")
    first = quick_job(folder, accounts, output=output)
    assert first.manifest.mode.reason == "there is no live snapshot to build on"
    assert (
        first.manifest.read["posts"]
        == "1 file tab-separated, quoted, without created_at and is_repost; values in quotes: 1"
    )
    (folder / "2.tsv").write_text(header + "q1\tu1\tNow\n")
    second = quick_job(folder, accounts, output=output)
    assert (second.manifest.mode.name, second.manifest.mode.files) == ("incremental", 1)
    assert {file.quoting for file in second.manifest.inputs if file.table == "posts"} == {"rfc4180"}
    assert [row["hashtag"] for row in sorted(second.rows("hashtags"), key=lambda row: row["hashtag"])] == [
        "now",
        "vote",
    ]

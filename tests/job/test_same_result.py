"""The same posts and accounts, however they are written, give the same result, which is that of brute force."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jobs.inputs.files import find_files
from jobs.inputs.tables import ACCOUNTS, POSTS
from jobs.strategy import shared
from tests.examples import seeds
from tests.writers import DELIMITED, JSON_LINES, LISTED, PACKED, TABLES, Lines, Row, write_parquet

from .reference import expected_result
from .running import Job, Result

BAD = ["bad", "also bad"]  # lines that are no rows, whatever the format
PIECES = ["word", '"quoted"', "a, b; c", "two\nlines", "a\ttab", "\\", "it's", "|", "😀", "#one"]
DATES = ["2023-01-01 10:00:00+00:00", "2017-09-07T19:52:00Z", "2023-06-30", "", "not a date"]
HASHTAGS = ["Covid", "#covid", "COVID", "Straße", "STRASSE", "東京", "e\u0301té", "été", "x", "#", "", "ﬁnance"]
OPTIONS: dict[str, Any] = {"max_reject_fraction": 1.0, "force": True, "min_similarity": "0.7"}


class Tables(NamedTuple):
    """Rows of both tables; the hashtags of a post are a list."""

    posts: list[Row]
    accounts: list[Row]


def made_tables(rng: random.Random, posts: int) -> Tables:
    """Posts of look-alikes, some written twice, some in two versions, some of unknown authors."""
    names = ["".join(rng.choices("ab_é", k=rng.randint(2, 12))) for _ in range(4)]
    accounts: list[Row] = [
        (f"u{i}", rng.choice(DATES), rng.choice(names) + "".join(rng.choices("ab1", k=rng.randint(0, 2))))
        for i in range(rng.randint(3, 30))
    ]
    authors = [account[0] for account in accounts]
    rows: list[Row] = [
        (
            f"p{i}",
            rng.choice(DATES),
            rng.choice([*authors, "nobody"]),
            rng.choice(["True", "False", "", "maybe"]),
            " ".join(rng.choices(PIECES, k=rng.randint(0, 4))),
            rng.choices(HASHTAGS, k=rng.randint(0, 3)),
        )
        for i in range(posts)
    ]
    rows += rng.choices(rows, k=3)
    rows += [(row[0], "2016-01-01", *row[2:]) for row in rng.choices(rows, k=3)]
    rows.append(
        ("q", DATES[0], "u0", "True", 'a "word" in quotes', ["one", "two", "three"])
    )  # tells how it is written
    rng.shuffle(rows)
    return Tables(rows, accounts)


def joined(rows: Sequence[Row], separator: str | None) -> list[Row]:
    """The rows with something between the hashtags, where they shall not be lists."""
    if separator is None:
        return list(rows)
    return [(*row[:-1], LISTED[separator](row[-1]) if isinstance(row[-1], list) else row[-1]) for row in rows]


Write = Callable[[random.Random, Path, Sequence[str], Sequence[Row]], None]


def delimited(writer: str) -> Write:
    """Text of a program, with bad lines in the middle of the posts."""
    program = DELIMITED[writer]

    def write(rng: random.Random, path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
        line_end = rng.choice(sorted(program.line_ends))
        delimiter = "\t" if program.quoting == "none" else rng.choice("\t,;|")
        rows = joined(rows, rng.choice(list(LISTED)))
        cannot = dict.fromkeys(map(ord, program.line_ends[line_end]), " ")
        rows = [tuple(value.translate(cannot) for value in row if isinstance(value, str)) for row in rows]
        parts = [Lines(names, some, delimiter, line_end, not i) for i, some in enumerate(halves(rows))]
        text = "".join(line + line_end for line in bad_lines(names)).join(map(program.write, parts))
        write_text(rng, path, text)

    return write


def json_lines(writer: str) -> Write:
    def write(rng: random.Random, path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
        rows = joined(rows, rng.choice([None, *LISTED]))
        parts = [JSON_LINES[writer](names, some) for some in halves(rows)]
        write_text(rng, path, "".join(line + "\n" for line in bad_lines(names)).join(parts))

    return write


def parquet(kind: str) -> Write:
    def write(rng: random.Random, path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
        write_parquet(path, TABLES[kind](names, joined(rows, rng.choice([None, *LISTED]))), rng.randint(1, 20))

    return write


def halves(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[: (len(rows) + 1) // 2], rows[(len(rows) + 1) // 2 :]]


def bad_lines(names: Sequence[str]) -> list[str]:
    return BAD if "author_id" in names else []


def write_text(rng: random.Random, path: Path, text: str) -> None:
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    path.write_bytes(PACKED[rng.choice(["not at all", "not at all", *PACKED])](text.encode(encoding)))


FORMS: dict[str, dict[str, Write]] = {
    "delimited text": {name: delimited(name) for name in DELIMITED},
    "JSON Lines": {name: json_lines(name) for name in JSON_LINES},
    "Parquet": {name: parquet(name) for name in TABLES},
}


def put(rng: random.Random, folder: Path, write: Write, tables: Tables) -> tuple[Path, Path]:
    """The files of posts and of accounts."""
    folder.mkdir()
    write(rng, folder / "posts", POSTS.columns, tables.posts)
    write(rng, folder / "accounts", ACCOUNTS.columns[:3], tables.accounts)
    return folder / "posts", folder / "accounts"


def write_plainly(_: random.Random, path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Raw text as the reference reads it, with bad lines after the posts."""
    plain = str.maketrans("\t\n", "  ")
    lines = [[str(value).translate(plain) for value in row] for row in joined(rows, "bar")]
    text = DELIMITED["raw"].write(Lines(names, [tuple(line) for line in lines], "\t", "\n", header=True))
    path.write_text(text + "".join(line + "\n" for line in bad_lines(names)), encoding="utf-8")


def found(result: Result, *, without_bad: bool) -> dict[str, Any]:
    """All that a run published, but for the rows of the input; bad lines as they are written."""
    rejects = [(row["source"], row["reason"]) for row in result.rows("rejects")]
    bad = [row["row"] for row in result.rows("rejects") if row["reason"] == "wrong number of fields"]
    counts = result.manifest.counts.model_dump()
    if without_bad:
        rejects = [reject for reject in rejects if reject[1] != "wrong number of fields"]
        counts["posts"]["rows"] -= counts["posts"]["rejected"].pop("wrong number of fields", 0)
        bad = []
    return {"contents": result.contents(), "counts": counts, "rejects": sorted(rejects), "bad": sorted(bad)}


@pytest.mark.parametrize("kind", FORMS)
@seeds(1)
def test_every_format_gives_the_result_of_raw_text_and_of_brute_force(
    quick_job: Job, tmp_path: Path, kind: str, seed: int
) -> None:
    rng = random.Random(f"{kind} {seed}")
    tables = made_tables(rng, rng.choice([5, 25]))
    files = put(rng, tmp_path / "plain", write_plainly, tables)
    plain = quick_job(*files, quoting="none", **OPTIONS)
    plain.check(expected_result(files[:1], files[1:], min_similarity="0.7"))
    without_bad = kind == "Parquet"
    expected = found(plain, without_bad=without_bad)
    for writer, write in FORMS[kind].items():
        quick_job.cut_finely(rng.choice([200, 500, 1 << 20]))
        result = quick_job(*put(rng, tmp_path / writer, write, tables), cores=rng.choice([1, 2, 5]), **OPTIONS)
        assert found(result, without_bad=without_bad) == expected, writer


@pytest.mark.parametrize(
    ("writer", "bad"),
    [
        ("csv", "bad"),
        ("csv, all quoted", "bad"),
        ("backslashes", "bad"),
        # A quote in the middle of a field without quotes is part of it, but shifts what the others seem to enclose.
        ("csv, all quoted", 'a 5" screen'),
    ],
)
def test_a_large_quoted_file_that_many_tasks_share_gives_the_same_result(
    quick_job: Job, tmp_path: Path, writer: str, bad: str
) -> None:
    rng = random.Random(11)
    tables = made_tables(rng, 60)
    files = put(rng, tmp_path / "plain", write_plainly, tables)
    plain = quick_job(*files, quoting="none", **OPTIONS)
    parts = [
        DELIMITED[writer].write(Lines(POSTS.columns, rows, ",", "\n", header=not number))
        for number, rows in enumerate(halves(joined(tables.posts, "bar")))
    ]
    path = tmp_path / "posts.csv"
    path.write_text(f"{bad}\n".join(parts), encoding="utf-8")
    quick_job.cut_finely(200)
    assert len(shared.cut_splits(find_files(POSTS, [str(path)]), 2)) > 12
    result = quick_job(path, files[1], **OPTIONS)
    assert found(result, without_bad=True) == found(plain, without_bad=True)
    assert found(result, without_bad=False)["bad"] == [bad]

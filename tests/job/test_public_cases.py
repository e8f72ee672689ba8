"""Inputs after public bug reports, with made-up data: what a user expects of each."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import QualityGateError, UsageError

from .running import Job, Result

NAMES = [
    "maga_eagle_01",
    "maga_eagle_02",
    "anna",
    "bert",
    "carl",
    "dora",
    "emil",
    "fred",
    "maple_syrup1",
    "maple_syrup2",
]
USUAL = {("vote", "u0", "u1")}


class Given:
    """Ten posts and accounts, some of their values replaced, and a run over them."""

    def __init__(self, job: Job, folder: Path) -> None:
        self._job, self._folder = job, folder
        self.accounts = [
            {"id": f"u{i}", "created_at": "2020-01-01", "screen_name": name} for i, name in enumerate(NAMES)
        ]
        self.posts = [
            {
                "id": f"p{i}",
                "created_at": "2021-01-01",
                "author_id": f"u{i}",
                "is_repost": "False",
                "text": "x",
                "hashtags": "Vote" if i < 3 else "",
            }
            for i in range(10)
        ]

    def set(self, column: str, values: Sequence[str]) -> None:
        """Replace a column of the posts, from the first one on."""
        for post, value in zip(self.posts, values, strict=False):
            post[column] = value

    def name(self, *names: str) -> None:
        """Replace the first screen names."""
        for account, name in zip(self.accounts, names, strict=False):
            account["screen_name"] = name

    def run(self, **options: Any) -> Result:
        posts = self._write("posts", self.posts)
        accounts = self._write("accounts", self.accounts)
        return self._job(posts, accounts, **options)

    def run_files(
        self, posts: bytes, accounts: bytes | None = None, name: str = "posts.tsv", **options: Any
    ) -> Result:
        path = self._folder / name
        path.write_bytes(posts)
        known = self._folder / "accounts.tsv"
        if accounts is None:
            self._write("accounts", self.accounts)
        else:
            known.write_bytes(accounts)
        return self._job(path, known, **options)

    def _write(self, name: str, rows: list[dict[str, str]]) -> Path:
        path = self._folder / f"{name}.tsv"
        lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def written(self, **options: Any) -> bytes:
        """The posts as the csv module writes them."""
        path = self._folder / "written"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self.posts[0]), **({"delimiter": "\t"} | options))
            writer.writeheader()
            writer.writerows(self.posts)
        return path.read_bytes()


@pytest.fixture
def given(quick_job: Job, tmp_path: Path) -> Given:
    return Given(quick_job, tmp_path)


def pairs(result: Result) -> set[tuple[str, str, str]]:
    return {(hashtag, a, b) for hashtag, a, b, *_ in result.pairs}


def hashtags(result: Result) -> dict[str, int]:
    return {row["hashtag"]: row["members"] for row in result.rows("hashtags")}


def test_an_empty_string_in_quotes_is_no_hashtag(given: Given) -> None:
    content = given.written(quoting=csv.QUOTE_NONE, escapechar="\\").replace(b"\tx\t\r\n", b'\tx\t""\r\n')
    result = given.run_files(content)
    assert hashtags(result) == {"vote": 3}
    assert pairs(result) == USUAL
    assert result.manifest.counts.posts.without_hashtag == 7


def test_names_lose_the_quotes_that_their_writer_put_around_them(given: Given) -> None:
    given.set("hashtags", ["Vote"] * 4)
    names = ['"Tom ""T"" Lee"', "Tom T Lee", '"Ann ""Ace"" Moore"', "Ann “Ace” Moore"]
    given.name(*names)
    result = given.run()
    assert [(row["distance"], round(row["similarity"], 4)) for row in result.rows("pairs")] == [
        (2, 0.8667),
        (2, 0.8182),
    ]
    assert {row["screen_name"] for row in result.rows("members")} >= {'Tom "T" Lee', 'Ann "Ace" Moore'}


@pytest.mark.parametrize("rows", [200, 60_000])
@pytest.mark.parametrize("escape", ["doubled", "backslash"])
def test_a_quoted_field_after_the_first_mebibyte_loses_no_row(
    given: Given, capsys: pytest.CaptureFixture[str], rows: int, escape: str
) -> None:
    row = b"q%d\t2021-01-01\tu2\tFalse\tjust some words\tVote\n"
    header = b"id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
    late = rb'a,2021-01-01,u0,False,"two QQwordsQQ"'.replace(b"QQ", b'""' if escape == "doubled" else b'\\"')
    body = b"".join(row % i for i in range(rows)) + late.replace(b",", b"\t").replace(b"two ", b"two\n") + b"\tVote\n"
    result = given.run_files(header + body + b'b\t2021-01-01\tu1\tFalse\t""\tVote\n')
    assert result.manifest.counts.posts.rows == rows + 2
    assert result.manifest.counts.posts.rejected == {}
    assert pairs(result) == USUAL
    assert {file.quoting for file in result.manifest.inputs if file.table == "posts"} == {
        "rfc4180" if escape == "doubled" else "backslash"
    }


def test_a_file_that_cannot_be_read_in_one_way_stops_the_run(given: Given) -> None:
    header = b"id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
    plain = b"".join(b"q%d\t2021-01-01\tu2\tFalse\tjust some words\tVote\n" % i for i in range(40_000))
    late = b'a\t2021-01-01\tu0\tFalse\t"two"\t"Vote"\n' + b'b\t2021-01-01\tu1\tFalse\t"two" words\tVote\n' * 3
    late += b'c\t2021-01-01\tu0\tFalse\t""\tVote\n' * 5
    with pytest.raises(UsageError, match="--quoting"):
        given.run_files(header + plain + late)


def test_names_in_another_encoding_are_read_in_it(given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    given.name("Müller", "Möller", "Zoë", "Zoé")
    given.set("hashtags", ["Vote"] * 4)
    lines = ["id\tcreated_at\tscreen_name", *("\t".join(row.values()) for row in given.accounts)]
    accounts = "\n".join(lines).encode("cp1252")
    result = given.run_files(given.written(), accounts)
    assert pairs(result) == USUAL
    assert result.rows("pairs")[0]["similarity"] == 5 / 6
    assert "read as cp1252, which is a guess; see --encoding" in capsys.readouterr().err
    result = given.run_files(given.written(), accounts, encoding="utf-8")
    assert pairs(result) == USUAL  # each byte counts as one character
    assert "4 screen names have bytes that are not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["NA", "NULL", "\\N", "nan", "None", "null"])
def test_a_missing_value_that_is_a_hashtag_is_a_warning(
    given: Given, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    given.set("hashtags", ["Vote"] * 3 + [missing] * 7)
    given.run()
    assert "is a hashtag of 7 accounts, but looks like a missing value" in capsys.readouterr().err
    with pytest.raises(QualityGateError, match="--strict"):
        given.run(strict=True)


@pytest.mark.parametrize(
    "write",
    [
        repr,
        lambda tags: "[" + ", ".join(tags) + "]",
        ", ".join,
        ";".join,
        lambda tags: " ".join(f"#{tag}" for tag in tags),
        "|".join,
    ],
)
def test_hashtags_are_taken_apart_however_they_are_written(given: Given, write: Any) -> None:
    given.set("hashtags", [write(tags) for tags in (["Vote", "Now"], ["Vote", "Other"], ["Now"], [], [])])
    result = given.run()
    assert hashtags(result) == {"vote": 2, "now": 2, "other": 1}
    assert pairs(result) == USUAL


def test_a_wrong_separator_is_a_warning(given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    given.set("hashtags", ["Vote,Now", "Vote,Other", "Now,Vote"])
    given.run(hashtag_separator="bar", max_fall_fraction=1.0)
    assert "most hashtags have commas in them, such as 'now,vote'; see --hashtag-separator" in capsys.readouterr().err


def test_ids_that_became_doubles_are_a_warning(given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    given.set("author_id", [f"{10**18 + i}.0" for i in range(10)])
    for i, account in enumerate(given.accounts):
        account["id"] = str(10**18 + i)
    with pytest.raises(QualityGateError, match="no account used any hashtag"):
        given.run()
    warnings = capsys.readouterr().err
    assert (
        "10 of 10 posts are of authors that are not among the accounts, such as '1000000000000000000.0'" in warnings
    )
    assert "the accounts have ids such as '1000000000000000000'" in warnings


def test_hashtags_that_look_the_same_are_one(given: Given) -> None:
    looks = ["Vote", "Vo\u200bte", "Vote\ufeff", "Vo\u00adte", "\u200fVote", "\u2066Vote\u2069", "Vote\ufe0f", "VOTE"]
    given.set("hashtags", looks)
    result = given.run()
    assert hashtags(result) == {"vote": 8}


def test_a_common_ending_of_names_is_a_warning_and_can_be_left_out(
    given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.name(
        "abe.bsky.social", "kim.bsky.social", "zoe.bsky.social", "joe.bsky.social", "sue.bsky.social", "x", "y", "z"
    )
    assert len(given.run().pairs) > 1
    assert "50% of the screen names end in '.bsky.social'" in capsys.readouterr().err
    result = given.run(strip_suffix=(".bsky.social",))
    assert pairs(result) == {("vote", "u8", "u9")}


def test_dates_of_every_platform_are_read(given: Given) -> None:
    dates = [
        "Wed Oct 10 20:19:24 +0000 2018",
        "1539202764",
        "1539202764000",
        "2018-10-10 20:19:24 UTC",
        "10/10/2018 20:19",
    ]
    given.set("created_at", dates)
    assert given.run().manifest.counts.posts.unreadable_dates == 0


def test_flags_that_became_doubles_are_read(given: Given) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.set("is_repost", ["1.0", "0.0", "True", "retweet", "1", "0"])
    assert given.run(exclude_reposts=True).manifest.counts.posts.excluded_reposts == 4


def test_columns_that_nothing_needs_may_be_missing(given: Given) -> None:
    posts = b"id\tauthor_id\thashtags\n" + b"".join(b"p%d\tu%d\tVote\n" % (i, i) for i in range(10))
    accounts = b"id\tscreen_name\n" + b"".join(b"u%d\t%s\n" % (i, name.encode()) for i, name in enumerate(NAMES))
    result = given.run_files(posts, accounts)
    assert pairs(result) == USUAL | {("vote", "u8", "u9")}


@pytest.mark.parametrize(
    ("convert", "name"),
    [
        (lambda text: text.replace("\t", ","), "posts.csv"),
        (lambda text: text.replace("\t", ";"), "posts.csv"),
        (lambda text: text.replace("\t", "|"), "posts.txt"),
        (lambda text: text.encode("utf-16"), "posts.tsv"),
        (lambda text: text.replace("\n", "\r"), "posts.tsv"),
        (lambda text: text.replace("id\tcreated_at", "ID\tCreated_At", 1), "posts.tsv"),
        (lambda text: text.replace("id\tcreated_at", ' id \t"created_at"', 1), "posts.tsv"),
    ],
)
def test_files_that_are_not_tab_separated_utf_8_are_read(given: Given, convert: Any, name: str) -> None:
    content = convert(given.written(lineterminator="\n").decode())
    result = given.run_files(content if isinstance(content, bytes) else content.encode(), name=name)
    assert pairs(result) == USUAL


def test_notes_above_the_header_are_named(given: Given) -> None:
    content = b"Exported today, by tool\n\n" + given.written(lineterminator="\n")
    with pytest.raises(UsageError, match=r"no column 'id'.*the header may be in line 3: --skip-lines 2"):
        given.run_files(content)
    assert pairs(given.run_files(content, skip_lines=2)) == USUAL

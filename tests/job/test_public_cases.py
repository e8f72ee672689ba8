"""Inputs after public bug reports, with made-up data: what a user expects of each."""

import csv
import json
import uuid
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
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
HEADER = b"id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"


class Given:
    """Ten posts and accounts, some of their values replaced, and a run over them."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job, self.folder = job, folder
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

    def run(self, accounts: Path | None = None, **options: Any) -> Result:
        posts = self._write("posts", self.posts)
        return self.job(posts, accounts or self._write("accounts", self.accounts), **options)

    def run_files(
        self, posts: bytes, accounts: bytes | None = None, name: str = "posts.tsv", **options: Any
    ) -> Result:
        path = self.folder / name
        path.write_bytes(posts)
        known = self.folder / "accounts.tsv"
        if accounts is None:
            self._write("accounts", self.accounts)
        else:
            known.write_bytes(accounts)
        return self.job(path, known, **options)

    def _write(self, name: str, rows: list[dict[str, str]]) -> Path:
        path = self.folder / f"{name}.tsv"
        lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def written(self, **options: Any) -> bytes:
        """The posts as the csv module writes them."""
        path = self.folder / "written"
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


def similarities(result: Result) -> dict[tuple[str, str], float]:
    return {(row["account_a"], row["account_b"]): round(row["similarity"], 4) for row in result.rows("pairs")}


@pytest.fixture
def warnings(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """The warnings since it was last called."""

    def since() -> list[str]:
        lines = capsys.readouterr().err.splitlines()
        assert all(line.startswith("warning: ") for line in lines)
        return [line.removeprefix("warning: ") for line in lines]

    return since


Warnings = Callable[[], list[str]]


def test_an_empty_string_in_quotes_is_no_hashtag(given: Given) -> None:
    given.set("hashtags", ["Vote|Now", "vote", "Vote"])
    content = given.written(quoting=csv.QUOTE_NONE, lineterminator="\n").replace(b"\tx\t\n", b'\tx\t""\n')
    result = given.run_files(content)
    assert hashtags(result) == {"vote": 3, "now": 1}
    assert pairs(result) == USUAL
    assert result.manifest.counts.posts.without_hashtag == 7


def test_names_lose_the_quotes_that_their_writer_put_around_them(given: Given) -> None:
    given.set("hashtags", ["Vote"] * 4)
    given.name('"Tom ""T"" Lee"', "Tom T Lee", '"Ann ""Ace"" Moore"', "Ann “Ace” Moore")
    result = given.run()
    assert similarities(result) == {("u0", "u1"): 0.8182, ("u2", "u3"): 0.8667}
    assert {row["screen_name"] for row in result.rows("members")} == {
        'Tom "T" Lee',
        "Tom T Lee",
        'Ann "Ace" Moore',
        "Ann “Ace” Moore",
    }


@pytest.mark.parametrize("escape", ['""', '\\"'])
def test_a_quoted_field_after_the_first_mebibyte_loses_no_row(given: Given, escape: str) -> None:
    plain = b"".join(b"q%d\t2021-01-01\tu2\tFalse\tjust some words\tVote\n" % i for i in range(30_000))
    late = (
        f'a\t2021-01-01\tu0\tFalse\t"two\nlines {escape}quoted{escape}"\tVote\nb\t2021-01-01\tu1\tFalse\t""\tVote\n'
    )
    result = given.run_files(HEADER + plain + late.encode())
    assert result.manifest.counts.posts.rows == 30_002
    assert result.manifest.counts.posts.rejected == {}
    assert pairs(result) == USUAL


def test_a_row_that_its_writer_cannot_have_quoted_is_rejected_as_it_is(given: Given) -> None:
    plain = b"".join(b"q%d\t2021-01-01\tu%d\tFalse\tjust some words\tVote\n" % (i, i % 3) for i in range(30_000))
    odd = 'b\t2021-01-01\tu1\tFalse\t"two" words\tVote'
    result = given.run_files(HEADER + plain + odd.encode() + b'\nc\t2021-01-01\tu0\tFalse\t""\tVote\n' * 5)
    assert [(row["reason"], row["row"]) for row in result.rows("rejects")] == [("wrong number of fields", odd)]


def test_files_that_no_reading_explains_stop_the_run(given: Given) -> None:
    plain = b"".join(b"q%d\t2021-01-01\tu2\tFalse\tjust some words\tVote\n" % i for i in range(30_000))
    late = b'a\t2021-01-01\tu0\tFalse\t"two\n' * 3 + b'b\t2021-01-01\tu1\tFalse\t"two" words\tVote\n' * 2
    with pytest.raises(UsageError) as raised:
        given.run_files(HEADER + plain + late)
    assert str(raised.value).startswith(
        "posts: there is a row that has fields with quotes that are part of them, unlike"
    )
    assert str(raised.value).endswith("; see --quoting")


def test_names_in_another_encoding_are_read_in_it(given: Given, warnings: Warnings) -> None:
    given.name("Müller", "Möller", "Anaïs", "Anaís", "Zoë", "Zoé")
    given.set("hashtags", ["Vote"] * 6)
    lines = ["id\tcreated_at\tscreen_name", *("\t".join(row.values()) for row in given.accounts)]
    accounts = "\n".join(lines).encode("cp1252")
    right = {("u0", "u1"): 0.8333, ("u2", "u3"): 0.8}
    assert similarities(given.run_files(given.written(), accounts)) == right
    path = given.folder / "accounts.tsv"
    assert warnings() == [f"{path}: not UTF-8, read as cp1252, which is a guess; see --encoding"]
    assert similarities(given.run_files(given.written(), accounts, encoding="cp1252")) == right
    assert warnings() == []
    assert similarities(given.run_files(given.written(), accounts, encoding="utf-8")) == right
    assert warnings() == [
        "6 screen names have bytes that are not UTF-8; each byte counts as one character. See --encoding"
    ]


@pytest.mark.parametrize("missing", ["NA", "NULL", "\\N", "nan", "None", "null"])
def test_a_missing_value_that_is_a_hashtag_is_a_warning(given: Given, warnings: Warnings, missing: str) -> None:
    given.set("hashtags", ["Vote"] * 3 + [missing] * 7)
    expected = [
        f"{missing.lower()!r} is a hashtag of 7 accounts, but looks like a missing value; leave it out with "
        "--ignore-hashtags"
    ]
    given.run()
    assert warnings() == expected
    with pytest.raises(QualityGateError) as raised:
        given.run(strict=True)
    assert str(raised.value) == "there are warnings, and --strict is set. Nothing was published."
    assert warnings() == expected
    ignored = given.folder / "ignored.txt"
    ignored.write_text(missing)
    assert pairs(given.run(ignore_hashtags=ignored, strict=True)) == USUAL


@pytest.mark.parametrize(
    "write",
    [
        repr,
        json.dumps,
        lambda tags: "[" + ", ".join(tags) + "]",
        ", ".join,
        ";".join,
        lambda tags: " ".join(f"#{tag}" for tag in tags),
        "|".join,
    ],
)
def test_hashtags_are_taken_apart_however_they_are_written(given: Given, warnings: Warnings, write: Any) -> None:
    given.set("hashtags", [write(tags) for tags in (["Vote", "Now"], ["Vote", "Other"], ["Now"], [], [])])
    result = given.run()
    assert hashtags(result) == {"vote": 2, "now": 2, "other": 1}
    assert pairs(result) == USUAL
    assert warnings() == []


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        (["Vote,Now", "Vote,Other", "Now,Vote"], "have commas in them, such as 'Vote,Now'"),
        (["Vote;Now", "Vote;Other", "Now;Vote"], "have semicolons in them, such as 'Vote;Now'"),
        (["#Vote #Now", "#Vote #Other", "#Now #Vote"], "have # in them, such as '#Vote #Now'"),
        (["['Vote']", "['Other']", "['Now']"], "begin with a bracket, such as \"['Vote']\""),
    ],
)
def test_a_wrong_separator_is_a_warning(given: Given, warnings: Warnings, fields: list[str], what: str) -> None:
    given.set("hashtags", fields)
    given.run(hashtag_separator="bar")
    assert warnings() == [f"3 of 3 hashtags in the posts {what}; see --hashtag-separator"]


def test_ids_that_became_doubles_are_a_warning(given: Given, warnings: Warnings) -> None:
    given.set("author_id", [f"{10**18 + i}.0" for i in range(10)])
    for i, account in enumerate(given.accounts):
        account["id"] = str(10**18 + i)
    with pytest.raises(QualityGateError) as raised:
        given.run()
    assert str(raised.value) == "no account used any hashtag. Nothing was published."
    assert warnings() == [
        f"{given.folder / 'posts.tsv'}: 10 of 10 posts are of authors that are not among the accounts, such as "
        "'1000000000000000000.0', while the accounts have ids such as '1000000000000000000'",
        "ids of posts' authors look like numbers with fractions or exponents, such as '1000000000000000000.0': "
        "digits may be lost",
    ]


def test_ids_of_posts_that_a_spreadsheet_has_rounded_are_a_warning(given: Given, warnings: Warnings) -> None:
    given.set("id", [f"9.0{i}E+17" for i in range(10)])
    assert pairs(given.run()) == USUAL
    assert warnings() == [
        "ids of posts look like numbers with fractions or exponents, such as '9.00E+17': digits may be lost"
    ]


def test_hashtags_that_look_the_same_are_one(given: Given) -> None:
    looks = ["Vote", "Vo\u200bte", "Vote\ufeff", "Vo\u00adte", "\u200fVote", "\u2066Vote\u2069", "Vote\ufe0f", "VOTE"]
    given.set("hashtags", looks)
    result = given.run()
    assert hashtags(result) == {"vote": 8}
    assert pairs(result) == USUAL


def test_a_common_ending_of_names_is_a_warning_and_can_be_left_out(given: Given, warnings: Warnings) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.name(*(f"{name}.bsky.social" for name in ("abe", "kim", "zoe", "joe", "sue")), "x", "y", "z")
    assert len(given.run().pairs) > 1
    assert warnings() == [
        "50% of the screen names end in '.bsky.social', which makes short names similar; "
        "see --strip-suffix .bsky.social"
    ]
    result = given.run(strip_suffix=(".bsky.social",))
    assert pairs(result) == {("vote", "u8", "u9")}
    assert warnings() == []


def test_dates_of_every_platform_are_read(given: Given, warnings: Warnings) -> None:
    dates = [
        "Wed Oct 10 20:19:24 +0000 2018",
        "1539202764",
        "1539202764000",
        "2018-10-10 20:19:24 UTC",
        "10/10/18 20:19",
        "2018-10-10 20:19",
    ]
    given.set("created_at", dates)
    given.set("hashtags", ["Vote"] * len(dates))
    result = given.run()
    assert result.manifest.counts.posts.unreadable_dates == 0
    assert {str(row["first_post"])[:16] for row in result.rows("members")} == {"2018-10-10 20:19"}
    given.set("created_at", ["some day"] * 10)
    warnings()
    given.run()
    assert warnings() == ["6 of 6 posts have a date that cannot be read, such as 'some day'"]


def test_flags_that_became_doubles_are_read(given: Given) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.set("is_repost", ["1.0", "0.0", "True", "retweet", "1.0", "0", "1"])
    posts = given.run(exclude_reposts=True).manifest.counts.posts
    assert (posts.excluded_reposts, posts.unreadable_flags) == (5, 0)


def test_columns_that_nothing_needs_may_be_missing(given: Given, warnings: Warnings) -> None:
    posts = b"id\tauthor_id\thashtags\n" + b"".join(b"p%d\tu%d\tVote\n" % (i, i) for i in range(10))
    accounts = b"id\tscreen_name\n" + b"".join(b"u%d\t%s\n" % (i, name.encode()) for i, name in enumerate(NAMES))
    result = given.run_files(posts, accounts)
    assert pairs(result) == USUAL | {("vote", "u8", "u9")}
    assert {row["first_post"] for row in result.rows("members")} == {None}
    assert warnings() == []


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


def test_json_lines_are_read(given: Given) -> None:
    lines = [json.dumps({**post, "hashtags": [post["hashtags"]]}) for post in given.posts]
    assert pairs(given.run_files("\n".join(lines).encode(), name="posts.jsonl")) == USUAL


@pytest.mark.parametrize("note", ["Exported 2024-01-01, by tool", "Exported today"])
def test_notes_above_the_header_are_named(given: Given, note: str) -> None:
    content = note.encode() + b"\n\n" + given.written(lineterminator="\n")
    with pytest.raises(UsageError) as raised:
        given.run_files(content)
    assert str(raised.value) == (
        f"{given.folder}/posts.tsv: no column 'id'; found: {note}; there is one column alone; the header may be in "
        "line 3: --skip-lines 2"
    )
    assert pairs(given.run_files(content, skip_lines=2)) == USUAL


def test_a_workbook_is_named(given: Given) -> None:
    book = given.folder / "book"
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(UsageError) as raised:
        given.run_files(book.read_bytes(), name="book.xlsx")
    assert str(raised.value) == (
        f"{given.folder}/book.xlsx: is an Excel workbook; save it as CSV or tab-separated text"
    )


def _decimals(values: Sequence[int]) -> pa.Array:
    return pa.array([Decimal(value) for value in values], pa.decimal128(38, 0))


def _uuids(values: Sequence[int]) -> pa.Array:
    return pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([uuid.UUID(int=value).bytes for value in values], pa.binary(16))
    )


def _structs(tags: Sequence[str]) -> pa.Array:
    return pa.array([[{"text": tag, "indices": [0, 4]}] if tag else [] for tag in tags])


def _json(tags: Sequence[str]) -> pa.Array:
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array([json.dumps([tag] if tag else []) for tag in tags]))


@pytest.mark.parametrize("ids", [_decimals, _uuids, lambda values: pa.array(values, pa.float64()), pa.array])
@pytest.mark.parametrize(
    ("tags", "dates"),
    [
        (_structs, lambda seconds: pa.array(seconds, pa.int32())),
        (_json, lambda seconds: pa.array(seconds, pa.timestamp("s"))),
        (lambda tags: pa.array(tags).dictionary_encode(), pa.array),
    ],
)
def test_types_of_parquet_are_understood(
    given: Given, warnings: Warnings, ids: Callable[..., Any], tags: Callable[..., Any], dates: Callable[..., Any]
) -> None:
    posts, accounts = given.folder / "posts.parquet", given.folder / "accounts.parquet"
    numbers, found = list(range(10)), [post["hashtags"] for post in given.posts]
    columns = {"id": ids(numbers), "author_id": ids(numbers), "created_at": dates([1539202764] * 10)}
    pq.write_table(pa.table(columns | {"hashtags": tags(found)}), posts)
    pq.write_table(pa.table({"id": ids(numbers), "screen_name": NAMES}), accounts)
    result = given.job(posts, accounts)
    zero, one = (str(uuid.UUID(int=i)) if ids is _uuids else str(i) for i in range(2))
    assert pairs(result) == {("vote", zero, one)}
    assert {str(row["first_post"])[:16] for row in result.rows("members")} == {"2018-10-10 20:19"}
    assert warnings() == []


def test_names_as_python_writes_them_with_backslashes_are_read(given: Given) -> None:
    names = ['Tom "T" Lee', '"T" Lee', "Lee, Tom", "Tom"]
    given.name(*names)
    given.set("hashtags", ["Vote"] * 4)
    path = given.folder / "accounts.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "created_at", "screen_name"], doublequote=False, escapechar="\\")
        writer.writeheader()
        writer.writerows(given.accounts)
    found = {row["account_id"]: row["screen_name"] for row in given.run(accounts=path).rows("accounts")}
    assert [found[f"u{i}"] for i in range(4)] == names

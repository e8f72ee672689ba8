"""Quotes after public bug reports, with made-up data: what a user expects of each file."""

import csv

import pytest

from lookalike.errors import UsageError

from .given import HEADER, USUAL, Given, hashtags, pairs, similarities


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

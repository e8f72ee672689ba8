"""Values after public bug reports, with made-up data: what a user expects of each."""

import json
from typing import Any

import pytest

from lookalike.errors import QualityGateError

from .given import USUAL, Given, Warnings, hashtags, pairs, similarities


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
        (["['Vote']", "['Other']", "['Now']"], "have brackets in them, such as \"['Vote']\""),
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

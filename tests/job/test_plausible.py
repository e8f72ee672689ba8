"""Input that can be read, but says something that cannot be meant: a warning each."""

from collections.abc import Callable

import pytest

from .given import USUAL, Given, Warnings, pairs


def test_a_few_hashtags_that_are_not_taken_apart_are_a_warning_wherever_they_stand(
    given: Given, warnings: Warnings
) -> None:
    given.posts = [given.posts[i % 10] | {"id": f"p{i}", "hashtags": "Vote"} for i in range(1500)]
    given.posts += [given.posts[i] | {"id": f"p{1500 + i}", "hashtags": "Vote,Now"} for i in range(8)]
    given.run()
    assert [line for line in warnings() if "comma" in line] == [
        "8 of 1,508 hashtags in the posts have commas in them, such as 'Vote,Now'; see --hashtag-separator"
    ]


def test_accounts_whose_names_are_missing_values_are_a_warning(given: Given, warnings: Warnings) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.name(*["NA"] * 3, "None", "[deleted]")
    given.run()
    assert warnings() == [
        "3 accounts have the screen name 'NA', which looks like a missing value; each two of them are a pair of "
        "similarity 1. Leave the name empty where there is none"
    ]


def test_a_missing_value_that_few_use_is_a_warning(given: Given, warnings: Warnings) -> None:
    given.set("hashtags", [*["NaT"] * 2, *(f"t{i}|u{i}|v{i}" for i in range(8))])
    given.posts += [given.posts[i] | {"id": f"q{i}", "author_id": f"u{9 - i}"} for i in range(2, 10)]
    given.posts += [given.posts[i] | {"id": f"r{i}", "author_id": f"u{(i + 5) % 10}"} for i in range(2, 10)]
    given.run()
    assert warnings() == [
        "'nat' is a hashtag of 2 accounts, but looks like a missing value; leave it out with --ignore-hashtags"
    ]


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (
            "{}000000000000000".format,
            "end in zeros, such as '0000000000000000': a spreadsheet keeps 15 digits of a number. Export them as "
            "text",
        ),
        ("'{}'".format, "have quotes around them, such as \"'0'\"; ids are compared as they are written"),
        ("{}E+17".format, "look like numbers with fractions or exponents, such as '0E+17': digits may be lost"),
    ],
)
def test_ids_that_are_spoilt_in_the_same_way_on_both_sides_are_a_warning(
    given: Given, warnings: Warnings, write: Callable[[int], str], what: str
) -> None:
    given.set("author_id", [write(i) for i in range(10)])
    for i, account in enumerate(given.accounts):
        account["id"] = write(i)
    assert pairs(given.run()) == {
        (hashtag, write(int(left[1:])), write(int(right[1:]))) for hashtag, left, right in USUAL
    }
    assert warnings() == [f"ids of accounts {what}"]


def test_quotes_over_lines_that_look_like_rows_are_a_warning(given: Given, warnings: Warnings) -> None:
    given.set("text", ['""', '"opens', "x", 'closes"'])
    given.set("hashtags", ["Vote"] * 10)
    given.run(quoting="rfc4180")
    assert warnings() == [
        "1 row of posts in quotes over several lines, of which each looks like a row of its own; if these quotes are "
        "part of the text, see --quoting none"
    ]
    assert given.run().manifest.counts.posts.used == 10
    assert warnings() == []

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


@pytest.mark.parametrize("lone", ["Lee", "Lee, Tom"])
def test_quotes_of_names_with_commas_alone_are_a_warning(given: Given, warnings: Warnings, lone: str) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.name('"Moore, Ann"', "Moore Ann", f'"{lone}"')
    given.run()
    expected = (
        "2 screen names are in quotes, such as '\"Moore, Ann\"', and each of these has a comma; if the quotes are no "
        "part of the names, see --quoting rfc4180"
    )
    assert warnings() == ([expected] if "," in lone else [])
    assert ("vote", "u0", "u1") in pairs(given.run(quoting="rfc4180"))


def test_handles_that_bluesky_shows_for_broken_ones_are_a_warning(given: Given, warnings: Warnings) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.name(*["handle.invalid"] * 2)
    given.run()
    assert warnings() == [
        "2 accounts have the screen name 'handle.invalid', which looks like a missing value; each two of them are a "
        "pair of similarity 1. Leave the name empty where there is none"
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
    assert warnings() == [f"ids of accounts {what}", f"ids of posts' authors {what}"]


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


@pytest.mark.parametrize(
    ("hashtag", "what"),
    [
        ("Vote Now", "have spaces in them, such as 'Vote Now'"),
        ("Vote/Now", "have marks such as / or & in them, such as 'Vote/Now'"),
        ("Vote，Now", "have marks such as / or & in them, such as 'Vote，Now'"),  # noqa: RUF001  # the wide comma
        ("Vote،Now", "have marks such as / or & in them, such as 'Vote،Now'"),  # the Arabic comma
        ("Vote[1]", "have brackets in them, such as 'Vote[1]'"),
    ],
)
def test_a_few_hashtags_that_no_network_has_are_a_warning(
    given: Given, warnings: Warnings, hashtag: str, what: str
) -> None:
    given.posts = [given.posts[i % 10] | {"id": f"p{i}", "hashtags": f"Vote|t{i % 7}"} for i in range(500)]
    given.posts += [given.posts[i] | {"id": f"q{i}", "hashtags": hashtag} for i in range(8)]
    given.run()
    assert [line for line in warnings() if "hashtags in" in line] == [
        f"8 of 1,008 hashtags in the posts {what}; see --hashtag-separator"
    ]


def test_hashtags_with_bytes_that_are_no_letters_are_a_warning(given: Given, warnings: Warnings) -> None:
    rows = "".join(f"p{i}\tu{i}\tÉlection\n" for i in range(6)).encode() + b"p6\tu6\t\xc9lection\n"
    given.run_files(b"id\tauthor_id\thashtags\n" + rows)
    assert warnings() == [
        "1 of 7 hashtags in the posts have bytes that are not UTF-8 in them, such as '\\\\xc9lection'; see --encoding"
    ]


def test_reposts_that_cannot_be_told_are_a_warning_where_they_are_left_out(given: Given, warnings: Warnings) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.set("is_repost", ["WAHR", "FALSCH"] * 5)
    given.run()
    assert warnings() == []
    assert given.run(exclude_reposts=True).manifest.counts.posts.excluded_reposts == 0
    assert warnings() == [
        "10 of 10 posts have a repost flag that cannot be read, such as 'WAHR'; they are taken for no reposts"
    ]
    posts = b"id\tauthor_id\thashtags\tis_retweet\n" + b"".join(b"p%d\tu%d\tVote\tTrue\n" % (i, i) for i in range(10))
    given.run_files(posts, exclude_reposts=True)
    assert warnings() == [
        f"{given.folder / 'posts.tsv'}: no column 'is_repost', so that --exclude-reposts leaves nothing out; name "
        "it: --columns is_repost=NAME"
    ]


def test_dates_with_the_day_first_are_a_warning_however_many_can_be_read(given: Given, warnings: Warnings) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.set("created_at", [f"{day}/10/2018" for day in range(4, 14)])
    given.run()
    assert warnings() == ["dates such as '13/10/2018' cannot be read, because the month comes first; see --day-first"]
    given.run(day_first=True)
    assert warnings() == []


def test_ids_to_the_base_of_16_are_ids(given: Given, warnings: Warnings) -> None:
    ids = [f"{i:03}e{i:04}" for i in range(10)]
    given.set("author_id", ids)
    for account, one in zip(given.accounts, ids, strict=True):
        account["id"] = one
    assert len(given.run().pairs) == 1
    assert warnings() == []


@pytest.mark.parametrize(
    ("write", "what"),
    [(" {}", "have spaces around them, such as ' u0'"), ("'{}'", "have quotes around them, such as \"'u0'\"")],
)
def test_ids_of_some_authors_that_were_spoilt_are_a_warning(
    given: Given, warnings: Warnings, write: str, what: str
) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.set("author_id", [write.format(f"u{i}") for i in range(4)])
    given.run()
    assert warnings() == [f"ids of posts' authors {what}; ids are compared as they are written"]


def test_a_name_that_many_accounts_have_is_a_warning(given: Given, warnings: Warnings) -> None:
    given.set("hashtags", ["Vote"] * 10)
    given.name(*["Deleted Account"] * 5)
    given.run()
    assert warnings() == [
        "5 of 10 accounts have the same screen name 'Deleted Account'; each two of them are a pair of similarity 1. "
        "If it stands for no name, leave it empty",
        "50% of the screen names end in 'eleted Account', which makes short names similar; see --strip-suffix eleted "
        "Account",
    ]

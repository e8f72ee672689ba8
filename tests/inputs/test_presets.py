"""Each preset on a few rows as the export writes them, with made-up data."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.files import find_files
from jobs.inputs.formats.jsonpaths import JsonPath
from jobs.inputs.presets.registry import PRESETS, told
from jobs.inputs.reading import Reading
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.tables import ACCOUNTS, POSTS
from jobs.stages.scan.explode import Spellings
from lookalike.errors import UsageError
from lookalike.strings.values import parse_flags

from .reading import read_columns

# What every export below says: a repost by ann with two hashtags, and a post by bob without one.
DAY = "2018-10-10"
EXPECTED = {
    "author": ["ann", "bob"],
    "repost": [1, 0],
    "hashtags": [["one", "two"], []],
}


def as_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)


def as_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "twitter-v1": [
        {
            "id_str": "1",
            "created_at": "Wed Oct 10 20:19:24 +0000 2018",
            "full_text": "RT @x: #one #two",
            "user": {"id_str": "11", "screen_name": "ann", "created_at": "Wed Oct 10 20:19:24 +0000 2012"},
            "retweeted_status": {"id_str": "9", "entities": {"hashtags": [{"text": "one"}, {"text": "two"}]}},
            "entities": {"hashtags": [{"text": "one"}]},  # cut with the text
        },
        {
            "id_str": "2",
            "created_at": "Wed Oct 10 20:19:24 +0000 2018",
            "text": "plain",
            "user": {"id_str": "12", "screen_name": "bob", "created_at": "Wed Oct 10 20:19:24 +0000 2012"},
            "entities": {"hashtags": []},
        },
    ],
    "twitter-v1-csv": [
        {
            "id": str(number),
            "tweet_url": "https://twitter.com/x",
            "created_at": "Wed Oct 10 20:19:24 +0000 2018",
            "parsed_created_at": "2018-10-10 20:19:24+00:00",
            "user_screen_name": name,
            "text": "a, b",
            "tweet_type": kind,
            "hashtags": hashtags,
            "user_id": str(10 + number),
            "user_created_at": "Wed Oct 10 20:19:24 +0000 2012",
        }
        for number, name, kind, hashtags in [(1, "ann", "retweet", "one two"), (2, "bob", "original", "")]
    ],
    "twitter-v2": [
        {
            "id": "1",
            "created_at": "2018-10-10T20:19:24.000Z",
            "author_id": "11",
            "text": "RT",
            "author": {"id": "11", "username": "ann", "created_at": "2012-10-10T20:19:24.000Z"},
            "referenced_tweets": [
                {"type": "retweeted", "id": "9", "entities": {"hashtags": [{"tag": "one"}, {"tag": "two"}]}}
            ],
            "entities": {"hashtags": [{"start": 0, "end": 3, "tag": "one"}]},  # cut with the text
        },
        {
            "id": "2",
            "created_at": "2018-10-10T20:19:24.000Z",
            "author_id": "12",
            "text": "plain",
            "author": {"id": "12", "username": "bob", "created_at": "2012-10-10T20:19:24.000Z"},
            "referenced_tweets": [{"type": "quoted", "id": "9"}],
        },
    ],
    "twarc-csv": [
        {
            "id": str(number),
            "referenced_tweets.retweeted.id": reposted,
            "author_id": str(10 + number),
            "created_at": "2018-10-10T20:19:24.000Z",
            "text": 'a, "b"',
            "entities.hashtags": hashtags,
            "author.id": str(10 + number),
            "author.created_at": "2012-10-10T20:19:24.000Z",
            "author.username": name,
        }
        for number, name, reposted, hashtags in [
            (1, "ann", "9", '[{"start": 0, "end": 3, "tag": "one"}, {"tag": "two"}]'),
            (2, "bob", "", ""),
        ]
    ],
    "information-operations": [
        {
            "tweetid": str(number),
            "userid": str(10 + number),
            "user_display_name": name.title(),
            "user_screen_name": name,
            "user_reported_location": "",
            "account_language": "en",
            "account_creation_date": "2012-10-10",
            "tweet_text": "a, b",
            "tweet_time": "2018-10-10 20:19",
            "is_retweet": flag,
            "hashtags": hashtags,
        }
        for number, name, flag, hashtags in [(1, "ann", "True", "[one, two]"), (2, "bob", "False", "[]")]
    ],
    "twint": [
        {
            "id": str(number),
            "conversation_id": "5",
            "created_at": "2018-10-10 20:19:24 UTC",
            "user_id": str(10 + number),
            "username": name,
            "tweet": "a, b",
            "hashtags": hashtags,
            "retweet": flag,
            "user_rt_id": "",
        }
        for number, name, flag, hashtags in [(1, "ann", "True", "['one', 'two']"), (2, "bob", "False", "[]")]
    ],
    "4cat-twitter": [
        {
            "id": str(number),
            "thread_id": "5",
            "timestamp": "2018-10-10 20:19:24",
            "unix_timestamp": "1539202764",
            "body": "a, b",
            "author": name,
            "author_fullname": name.title(),
            "author_id": str(10 + number),
            "is_retweet": flag,
            "hashtags": hashtags,
        }
        for number, name, flag, hashtags in [(1, "ann", "yes", "one,two"), (2, "bob", "no", "")]
    ],
    "4cat-tiktok": [
        {
            "id": str(number),
            "thread_id": str(number),
            "author": name,
            "author_full": name.title(),
            "body": "a, b",
            "timestamp": "1539202764",
            "is_duet": flag,
            "tiktok_url": "https://tiktok.com/@x",
            "hashtags": hashtags,
        }
        for number, name, flag, hashtags in [(1, "ann", "True", "one,two"), (2, "bob", "False", "")]
    ],
    "4cat-bluesky": [
        {
            "id": f"at://did:plc:{name}/app.bsky.feed.post/{name}",
            "thread_id": "5",
            "created_at": "2018-10-10T20:19:24+00:00",
            "author": name,
            "author_id": f"did:plc:{name}",
            "body": "a, b",
            "tags": hashtags,
            "repost_count": "3",
            "author_display_name": name.title(),
            "author_created_at": "2012-10-10T20:19:24+00:00",
        }
        for name, hashtags in [("ann", "one,two"), ("bob", "")]
    ],
    "4cat-bluesky-items": [
        {
            "uri": f"at://{name}",
            "author": {"did": f"did:plc:{name}", "handle": name, "created_at": "2012-10-10T20:19:24Z"},
            "record": {
                "text": "x",
                "created_at": "2018-10-10T20:19:24Z",
                "facets": [{"features": [{"tag": tag}]} for tag in hashtags] + [{"features": [{"uri": "https://x"}]}],
            },
        }
        for name, hashtags in [("ann", ["one", "two"]), ("bob", [])]
    ],
    "4cat-telegram": [
        {
            "id": f"channel-{number}",
            "chat": "channel",
            "author": str(10 + number),
            "author_username": name,
            "author_name": name.title(),
            "author_is_bot": "no",
            "body": body,
            "unix_timestamp": "1539202764",
            "author_forwarded_from_name": "",
            "unix_timestamp_forwarded_from": forwarded,
        }
        for number, name, body, forwarded in [(1, "ann", "#one, #two", "1539202000"), (2, "bob", "plain", "")]
    ],
    "4cat-telegram-items": [
        {
            "_type": "Message",
            "id": 7,  # of its chat
            "_chat": {"id": 100 + number, "username": "channel"},
            "_sender": {"id": 10 + number, "username": name, "bot": False},
            "date": 1539202764.0,
            "message": message,
            "fwd_from": forwarded,
        }
        for number, name, message, forwarded in [(1, "ann", "#one, #two", {"date": 1.0}), (2, "bob", "plain", None)]
    ],
    "twint-items": [
        {
            "id": number,
            "conversation_id": "5",
            "created_at": "2018-10-10 20:19:24 UTC",
            "timezone": "+0000",
            "user_id": 10 + number,
            "username": name,
            "tweet": "a, b",
            "hashtags": hashtags,
            "retweet": flag,
        }
        for number, name, flag, hashtags in [(1, "ann", True, ["one", "two"]), (2, "bob", False, [])]
    ],
    "twitter-items": [
        {
            "__import_meta": {"source_platform": "twitter.com"},
            "rest_id": "1",
            "core": {"user_results": {"result": {"core": {"screen_name": "ann"}, "legacy": {}}}},
            "legacy": {
                "created_at": "Wed Oct 10 20:19:24 +0000 2018",
                "user_id_str": "11",
                "full_text": "RT @x: #one",
                "entities": {"hashtags": []},
                "retweeted_status_result": {
                    "result": {"legacy": {"entities": {"hashtags": [{"text": "one"}, {"text": "two"}]}}}
                },
            },
        },
        {
            "item_id": "2",
            "data": {
                "rest_id": "2",
                "core": {"user_results": {"result": {"legacy": {"screen_name": "bob"}}}},
                "legacy": {
                    "created_at": "Wed Oct 10 20:19:24 +0000 2018",
                    "user_id_str": "12",
                    "full_text": "plain",
                    "entities": {"hashtags": []},
                },
            },
        },
    ],
    "tiktok": [
        {
            "item_id": str(number),
            "data": {
                "id": str(number),
                "createTime": 1539202764,
                "desc": "x",
                "author": {"id": str(10 + number), "uniqueId": name},
                "textExtra": [{"hashtagName": hashtag} for hashtag in hashtags],
            },
        }
        for number, name, hashtags in [(1, "ann", ["one", "two"]), (2, "bob", [])]
    ],
}
# More of the columns that the exports have: with them, too, each is of one preset alone.
ALSO = {
    "twitter-v1-csv": "coordinates media urls favorite_count lang place retweet_or_quote_user_id source user_name",
    "twarc-csv": "conversation_id referenced_tweets.quoted.id retweeted_user_id lang public_metrics.like_count "
    "entities.mentions author.name __twarc.version",
    "information-operations": "user_profile_description follower_count tweet_language tweet_client_name "
    "retweet_userid like_count urls user_mentions",
    "twint": "date time timezone name place language mentions urls link user_rt retweet_id retweet_date trans_dest",
    "4cat-twitter": "link subject source language_guess retweet_count retweeted_user is_reply urls mentions long_lat",
    "4cat-tiktok": "author_id author_followers music_name video_url likes plays stickers unix_timestamp",
    "4cat-bluesky": "collected_at query rank link like_count mentions author_profile timestamp",
    "4cat-telegram": "thread_id reply_to views timestamp author_forwarded_from_username attachment_type",
}
NO_REPOSTS = {"4cat-bluesky", "4cat-bluesky-items", "tiktok"}  # exports that do not say which posts are reposts


def test_every_preset_has_an_example() -> None:
    assert set(EXAMPLES) == set(PRESETS)


@pytest.mark.parametrize("asked", ["auto", "by name"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_export_is_known_and_read(tmp_path: Path, name: str, asked: str) -> None:
    preset = PRESETS[name]
    path = tmp_path / f"export.{preset.format}"
    (as_lines if preset.format == "jsonl" else as_csv)(path, EXAMPLES[name])
    reading = Reading(preset=name if asked == "by name" else "auto")
    (posts,) = find_files(POSTS, [str(path)], reading)
    (accounts,) = find_files(ACCOUNTS, [str(path)], reading)
    assert (posts.preset, accounts.preset) == (name, name)
    rows, owners = read_columns(posts, POSTS), read_columns(accounts, ACCOUNTS)
    texts = [value.decode() for value in map(owners["screen_name"].value, range(2))]
    assert texts == EXPECTED["author"]
    assert [owners["id"].value(i) for i in range(2)] == [rows["author_id"].value(i) for i in range(2)]
    days = parse_timestamps(*rows["created_at"]).astype("datetime64[us]").astype("datetime64[D]")
    assert [str(day) for day in days] == [DAY] * 2
    if name not in NO_REPOSTS:
        assert parse_flags(*rows["is_repost"]).tolist() == EXPECTED["repost"]
    spellings = Spellings(buckets=1, seed=1)
    assert posts.separator is not None
    spellings.explode(rows["hashtags"], SEPARATORS[posts.separator])
    assert sorted(spellings.dictionary()["key"].to_pylist()) == ["one", "two"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_tells_an_export_tells_no_other(name: str) -> None:
    rows, kind = EXAMPLES[name], PRESETS[name].format
    columns = {*rows[0], *ALSO.get(name, "").split()}

    def has(wanted: str) -> bool:
        if kind == "text":
            return wanted in columns
        return any(JsonPath.parse(wanted).find(row) is not None for row in rows)

    assert [one.name for one in told(kind, has)] == [name]


@pytest.mark.parametrize("name", ALSO)
def test_other_columns_of_an_export_make_no_difference(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export.csv"
    as_csv(path, [row | dict.fromkeys(ALSO[name].split(), "7") for row in EXAMPLES[name]])
    (file,) = find_files(POSTS, [str(path)])
    assert file.preset == name
    assert [file.has(POSTS, column) for column in PRESETS[name].posts] == [True] * len(PRESETS[name].posts)


@pytest.mark.parametrize(
    "page",
    [
        {"data": [{"id": "1", "author_id": "11"}], "includes": {"users": [{"id": "11", "username": "ann"}]}},
        {"data": [{"id": "1", "author_id": "11"}], "meta": {}},
        {"data": {"id": "1", "author_id": "11"}, "includes": {"users": [{"id": "11", "username": "ann"}]}},
    ],
)
def test_pages_of_api_v2_are_refused_with_the_command_for_them(tmp_path: Path, page: dict[str, Any]) -> None:
    path = tmp_path / "pages.jsonl"
    as_lines(path, [page, page])
    for table in (POSTS, ACCOUNTS):
        with pytest.raises(UsageError) as raised:
            find_files(table, [str(path)])
        assert str(raised.value) == (
            f"{path}: holds pages of Twitter's API v2, not a tweet a line; "
            f"make it one by twarc2 flatten {path} FLAT.jsonl"
        )


def test_one_page_longer_than_what_is_looked_at_is_refused_so_too(tmp_path: Path) -> None:
    path = tmp_path / "page.jsonl"
    as_lines(
        path, [{"data": [{"id": str(number), "author_id": "11", "text": "x" * 100} for number in range(10_000)]}]
    )
    with pytest.raises(UsageError, match=r"for pages of Twitter's API v2, twarc2 flatten$"):
        find_files(POSTS, [str(path)])


def test_the_archives_files_of_users_are_accounts_and_no_posts(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    columns = ("userid", "user_screen_name", "user_reported_location", "account_creation_date", "account_language")
    as_csv(path, [dict(zip(columns, ("11", "ann", "x", "2012-10-10", "en"), strict=True))])
    (file,) = find_files(ACCOUNTS, [str(path)])
    assert file.preset == "information-operations"
    assert read_columns(file, ACCOUNTS)["screen_name"].value(0) == b"ann"
    with pytest.raises(UsageError, match="no column 'tweetid'"):
        find_files(POSTS, [str(path)])


def test_messages_of_two_chats_have_different_ids(tmp_path: Path) -> None:
    path = tmp_path / "messages.ndjson"
    as_lines(path, EXAMPLES["4cat-telegram-items"])
    (file,) = find_files(POSTS, [str(path)])
    ids = read_columns(file, POSTS)["id"]
    assert [ids.value(i) for i in range(2)] == [b"101-7", b"102-7"]


def test_no_preset_is_taken_where_it_is_not_wanted(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    as_csv(path, EXAMPLES["4cat-twitter"])
    (file,) = find_files(POSTS, [str(path)], Reading(preset="none"))
    assert file.preset is None
    assert not file.has(POSTS, "created_at")


def test_names_that_the_options_give_count_before_those_of_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    as_csv(path, EXAMPLES["4cat-twitter"])
    (file,) = find_files(POSTS, [str(path)], Reading(columns={"created_at": "timestamp"}))
    assert read_columns(file, POSTS)["created_at"].value(0) == b"2018-10-10 20:19:24"

"""Each preset on a few rows as the export writes them, with made-up data."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.files import find_files
from jobs.inputs.presets.registry import PRESETS
from jobs.inputs.reading import Reading
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.tables import ACCOUNTS, POSTS
from jobs.stages.scan.explode import Spellings
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
            "retweeted_status": {"id_str": "9"},
            "entities": {"hashtags": [{"text": "one"}, {"text": "two"}]},
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
            "referenced_tweets": [{"type": "retweeted", "id": "9"}],
            "entities": {"hashtags": [{"start": 0, "end": 3, "tag": "one"}, {"start": 4, "end": 7, "tag": "two"}]},
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
            "record": {"text": "x", "created_at": "2018-10-10T20:19:24Z", "tags": hashtags},
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
            "author_forwarded_from_name": forwarded,
        }
        for number, name, body, forwarded in [(1, "ann", "#one, #two", "x"), (2, "bob", "plain", "")]
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

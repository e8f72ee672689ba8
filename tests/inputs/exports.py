"""A few rows of each export that a preset reads, as the export writes them, with made-up data."""

import csv
import json
from pathlib import Path
from typing import Any

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

"""Tweets of Twitter's API v2, one a line, as `twarc2 flatten` gives them."""

from jobs.inputs.presets.preset import Preset

PRESET = Preset(
    name="twitter-v2",
    title="Twitter API v2, a tweet a line",
    format="jsonl",
    telling=("author_id", "entities.hashtags[].tag"),
    posts={
        "id": "id",
        "created_at": "created_at",
        "author_id": "author_id",
        "is_repost": "referenced_tweets[type=retweeted].id?",
        "text": "text",
        "hashtags": "entities.hashtags[].tag",
    },
    accounts={
        "id": "author.id|author_user.id|author_id",
        "created_at": "author.created_at|author_user.created_at",
        "screen_name": "author.username|author_user.username",
    },
)

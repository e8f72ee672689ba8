"""Tweets of Twitter's API v2 as the plug-in twarc-csv writes them."""

from jobs.inputs.presets.preset import Preset

# https://github.com/DocNow/twarc-csv/blob/main/dataframe_converter.py
PRESET = Preset(
    name="twarc-csv",
    title="Twitter API v2 as CSV, by twarc-csv",
    format="text",
    telling=("author_id", "referenced_tweets.retweeted.id", "entities.hashtags", "author.username"),
    posts={
        "id": "id",
        "created_at": "created_at",
        "author_id": "author_id",
        "is_repost": "referenced_tweets.retweeted.id?",
        "text": "text",
        "hashtags": "entities.hashtags",
    },
    accounts={"id": "author_id", "created_at": "author.created_at", "screen_name": "author.username"},
    separator="list",
)

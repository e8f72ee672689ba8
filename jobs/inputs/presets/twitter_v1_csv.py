"""Tweets of Twitter's API v1.1 as the script json2csv.py of twarc 1 writes them."""

from jobs.inputs.presets.preset import Preset

# https://github.com/DocNow/twarc/blob/v1/twarc/json2csv.py
PRESET = Preset(
    name="twitter-v1-csv",
    title="Twitter API v1.1 as CSV, by json2csv.py of twarc 1",
    format="text",
    telling=("tweet_url", "parsed_created_at", "user_screen_name", "tweet_type"),
    posts={
        "id": "id",
        "created_at": "created_at",
        "author_id": "user_id",
        "is_repost": "tweet_type",
        "text": "text",
        "hashtags": "hashtags",
    },
    accounts={"id": "user_id", "created_at": "user_created_at", "screen_name": "user_screen_name"},
    separator="space",
)

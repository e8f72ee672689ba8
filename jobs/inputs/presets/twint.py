"""Tweets as twint writes them to CSV."""

from jobs.inputs.presets.preset import Preset

# https://github.com/twintproject/twint/blob/master/twint/storage/write_meta.py
PRESET = Preset(
    name="twint",
    title="twint, CSV",
    format="text",
    telling=("conversation_id", "user_id", "username", "tweet", "user_rt_id"),
    posts={
        "id": "id",
        "created_at": "created_at",
        "author_id": "user_id",
        "is_repost": "retweet",
        "text": "tweet",
        "hashtags": "hashtags",
    },
    accounts={"id": "user_id", "screen_name": "username"},
    separator="list",
)

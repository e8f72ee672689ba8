"""Tweets of Twitter's API v1.1, one a line, as twarc 1 and the streaming API give them."""

from jobs.inputs.presets.preset import Preset

PRESET = Preset(
    name="twitter-v1",
    title="Twitter API v1.1, a tweet a line",
    format="jsonl",
    telling=("id_str", "user.id_str", "user.screen_name"),
    posts={
        "id": "id_str",
        "created_at": "created_at",
        "author_id": "user.id_str",
        "is_repost": "retweeted_status?",
        "text": "full_text|text",
        "hashtags": "entities.hashtags[].text",
    },
    accounts={"id": "user.id_str", "created_at": "user.created_at", "screen_name": "user.screen_name"},
)

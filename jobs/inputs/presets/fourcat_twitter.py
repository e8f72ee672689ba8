"""Tweets as 4CAT exports them to CSV."""

from jobs.inputs.presets.preset import Preset

# https://github.com/digitalmethodsinitiative/4cat/tree/master/datasources/twitterv2 and twitter-import: map_item
PRESET = Preset(
    name="4cat-twitter",
    title="4CAT, Twitter, CSV",
    format="text",
    telling=("thread_id", "unix_timestamp", "author", "author_fullname", "author_id", "is_retweet", "hashtags"),
    posts={
        "id": "id",
        "created_at": "unix_timestamp",
        "author_id": "author_id",
        "is_repost": "is_retweet",
        "text": "body",
        "hashtags": "hashtags",
    },
    accounts={"id": "author_id", "screen_name": "author"},
    separator="comma",
)

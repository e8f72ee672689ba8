"""The archive of information operations that Twitter published."""

from jobs.inputs.presets.preset import Preset

PRESET = Preset(
    name="information-operations",
    title="Twitter's archive of information operations",
    format="text",
    telling=("tweetid", "userid", "user_screen_name", "account_creation_date", "tweet_time"),
    posts={
        "id": "tweetid",
        "created_at": "tweet_time",
        "author_id": "userid",
        "is_repost": "is_retweet",
        "text": "tweet_text",
        "hashtags": "hashtags",
    },
    accounts={"id": "userid", "created_at": "account_creation_date", "screen_name": "user_screen_name"},
    separator="list",
)

"""The archive of information operations that Twitter published: its files of tweets, and its files of users."""

from jobs.inputs.presets.preset import Preset

# The readme of https://transparency.twitter.com/en/reports/information-operations.html
PRESET = Preset(
    name="information-operations",
    title="Twitter's archive of information operations",
    format="text",
    telling=("userid", "user_screen_name", "user_reported_location", "account_creation_date", "account_language"),
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

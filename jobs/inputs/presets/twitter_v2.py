"""Tweets of Twitter's API v2, one a line, as `twarc2 flatten` and 4CAT give them.

Of a retweet's hashtags the tweet inside of it has all, if it is there.
"""

from jobs.inputs.presets.preset import Preset

# https://github.com/DocNow/twarc/blob/main/src/twarc/expansions.py
PRESET = Preset(
    name="twitter-v2",
    title="Twitter API v2, a tweet a line",
    format="jsonl",
    telling=("author_id", "entities.hashtags[].tag|edit_history_tweet_ids|public_metrics.retweet_count"),
    posts={
        "id": "id",
        "created_at": "created_at",
        "author_id": "author_id",
        "is_repost": "referenced_tweets[type=retweeted].id?",
        "text": "referenced_tweets[type=retweeted].text|text",
        "hashtags": "referenced_tweets[type=retweeted].entities.hashtags[].tag|entities.hashtags[].tag",
    },
    accounts={
        "id": "author.id|author_user.id|author_id",
        "created_at": "author.created_at|author_user.created_at",
        "screen_name": "author.username|author_user.username|author_username",
    },
)

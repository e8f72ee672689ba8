"""Tweets of Twitter's API v1.1, one a line, as twarc 1 and the streaming API give them.

A retweet has the whole text and all hashtags in the tweet inside of it alone, and a long tweet of a stream in its
extended_tweet.
"""

from jobs.inputs.presets.preset import Preset

# https://github.com/DocNow/twarc/blob/main/src/twarc/json2csv.py reads the same fields
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
        "text": "retweeted_status.extended_tweet.full_text|retweeted_status.full_text|extended_tweet.full_text"
        "|full_text|text",
        "hashtags": "retweeted_status.extended_tweet.entities.hashtags[].text"
        "|retweeted_status.entities.hashtags[].text|extended_tweet.entities.hashtags[].text|entities.hashtags[].text",
    },
    accounts={"id": "user.id_str", "created_at": "user.created_at", "screen_name": "user.screen_name"},
)

"""Tweets as the website of X has them, an item a line: by Zeeschuimer, and as 4CAT keeps those.

Zeeschuimer puts an item under the key data. Of a retweet the tweet inside of it has all hashtags.
"""

from typing import Final

from jobs.inputs.presets.preset import Preset, anywhere

_AUTHOR: Final = "core.user_results.result"
_REPOSTED: Final = "legacy.retweeted_status_result.result"

# https://github.com/digitalmethodsinitiative/4cat/tree/master/datasources/twitter-import: map_item
PRESET = Preset(
    name="twitter-items",
    title="X by Zeeschuimer or 4CAT, an item a line",
    format="jsonl",
    telling=(anywhere("legacy.created_at"), anywhere("rest_id", "legacy.id_str")),
    posts={
        "id": anywhere("rest_id", "legacy.id_str"),
        "created_at": anywhere("legacy.created_at"),
        "author_id": anywhere("legacy.user_id_str", "user.id_str"),
        "is_repost": anywhere(_REPOSTED) + "?",
        "text": anywhere(f"{_REPOSTED}.legacy.full_text", "legacy.full_text"),
        "hashtags": anywhere(
            f"{_REPOSTED}.legacy.entities.hashtags[].text",
            f"{_REPOSTED}.tweet.legacy.entities.hashtags[].text",
            "legacy.entities.hashtags[].text",
        ),
    },
    accounts={
        "id": anywhere("legacy.user_id_str", "user.id_str"),
        "created_at": anywhere(f"{_AUTHOR}.core.created_at", f"{_AUTHOR}.legacy.created_at", "user.created_at"),
        "screen_name": anywhere(f"{_AUTHOR}.core.screen_name", f"{_AUTHOR}.legacy.screen_name", "user.screen_name"),
    },
)

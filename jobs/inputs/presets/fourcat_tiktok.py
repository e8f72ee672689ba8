"""TikTok videos as 4CAT exports them to CSV. Their authors have a name and no id."""

from jobs.inputs.presets.preset import Preset

# https://github.com/digitalmethodsinitiative/4cat/tree/master/datasources/tiktok: map_item
PRESET = Preset(
    name="4cat-tiktok",
    title="4CAT, TikTok, CSV",
    format="text",
    telling=("thread_id", "author", "author_full", "tiktok_url", "hashtags"),
    posts={
        "id": "id",
        "created_at": "unix_timestamp|timestamp",
        "author_id": "author",
        "is_repost": "is_duet",
        "text": "body",
        "hashtags": "hashtags",
    },
    accounts={"id": "author", "screen_name": "author"},
    separator="comma",
)

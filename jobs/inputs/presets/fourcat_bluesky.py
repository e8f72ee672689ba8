"""Bluesky posts as 4CAT exports them to CSV."""

from jobs.inputs.presets.preset import Preset

# https://github.com/digitalmethodsinitiative/4cat/tree/master/datasources/bsky: map_item
PRESET = Preset(
    name="4cat-bluesky",
    title="4CAT, Bluesky, CSV",
    format="text",
    telling=("thread_id", "author", "author_id", "author_display_name", "tags", "repost_count"),
    posts={"id": "id", "created_at": "created_at", "author_id": "author_id", "text": "body", "hashtags": "tags"},
    accounts={"id": "author_id", "created_at": "author_created_at", "screen_name": "author"},
    separator="comma",
)

"""Bluesky posts as 4CAT keeps them, a post a line."""

from jobs.inputs.presets.preset import Preset

# https://github.com/digitalmethodsinitiative/4cat/tree/master/datasources/bsky: map_item
PRESET = Preset(
    name="4cat-bluesky-items",
    title="4CAT, Bluesky, a post a line",
    format="jsonl",
    telling=("uri", "author.did", "author.handle", "record.text"),
    posts={
        "id": "uri",
        "created_at": "record.created_at|record.createdAt",
        "author_id": "author.did",
        "text": "record.text",
        "hashtags": "record.facets[].features[].tag|record.tags[]",
    },
    accounts={
        "id": "author.did",
        "created_at": "author.created_at|author.createdAt",
        "screen_name": "author.handle",
    },
)

"""Telegram messages as 4CAT exports them to CSV. Hashtags are in the text alone."""

from jobs.inputs.presets.preset import Preset

# https://github.com/digitalmethodsinitiative/4cat/tree/master/datasources/telegram: map_item
PRESET = Preset(
    name="4cat-telegram",
    title="4CAT, Telegram, CSV",
    format="text",
    telling=("chat", "author", "author_username", "author_is_bot", "body", "unix_timestamp_forwarded_from"),
    posts={
        "id": "id",
        "created_at": "unix_timestamp",
        "author_id": "author",
        "is_repost": "unix_timestamp_forwarded_from?",
        "text": "body",
    },
    accounts={"id": "author", "screen_name": "author_username"},
)

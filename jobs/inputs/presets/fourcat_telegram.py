"""Telegram messages as 4CAT exports them to CSV. Hashtags are in the text alone."""

from jobs.inputs.presets.preset import Preset

PRESET = Preset(
    name="4cat-telegram",
    title="4CAT, Telegram, CSV",
    format="text",
    telling=("chat", "author", "author_username", "author_is_bot", "body", "author_forwarded_from_name"),
    posts={
        "id": "id",
        "created_at": "unix_timestamp",
        "author_id": "author",
        "is_repost": "author_forwarded_from_name?",
        "text": "body",
    },
    accounts={"id": "author", "screen_name": "author_username"},
)

"""Telegram messages as 4CAT keeps them, a message a line. Their numbers are those of their chats."""

from jobs.inputs.presets.preset import Preset

# https://github.com/digitalmethodsinitiative/4cat/tree/master/datasources/telegram: map_item
PRESET = Preset(
    name="4cat-telegram-items",
    title="4CAT, Telegram, a message a line",
    format="jsonl",
    telling=("_chat.id|_chat_peer.channel_id", "_sender.id", "message"),
    posts={
        "id": "_chat.id + id|_chat_peer.channel_id + id",
        "created_at": "date",
        "author_id": "_sender.id",
        "is_repost": "fwd_from?",
        "text": "message",
    },
    accounts={"id": "_sender.id", "screen_name": "_sender.username"},
)

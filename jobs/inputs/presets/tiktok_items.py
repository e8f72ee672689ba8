"""TikTok videos as Zeeschuimer and 4CAT keep them, an item a line."""

from jobs.inputs.presets.preset import Preset

PRESET = Preset(
    name="tiktok",
    title="TikTok by Zeeschuimer or 4CAT, an item a line",
    format="jsonl",
    telling=("data.author.uniqueId|author.uniqueId", "data.createTime|createTime"),
    posts={
        "id": "data.id|id",
        "created_at": "data.createTime|createTime",
        "author_id": "data.author.id|author.id",
        "text": "data.desc|desc",
        "hashtags": "data.textExtra[].hashtagName|textExtra[].hashtagName",
    },
    accounts={"id": "data.author.id|author.id", "screen_name": "data.author.uniqueId|author.uniqueId"},
)

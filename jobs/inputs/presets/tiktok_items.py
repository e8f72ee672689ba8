"""TikTok videos as Zeeschuimer and 4CAT keep them, an item a line."""

from jobs.inputs.presets.preset import Preset, anywhere

# https://github.com/digitalmethodsinitiative/4cat/tree/master/datasources/tiktok: map_item
PRESET = Preset(
    name="tiktok",
    title="TikTok by Zeeschuimer or 4CAT, an item a line",
    format="jsonl",
    telling=(anywhere("author.uniqueId"), anywhere("createTime")),
    posts={
        "id": anywhere("id"),
        "created_at": anywhere("createTime"),
        "author_id": anywhere("author.id"),
        "text": anywhere("desc"),
        "hashtags": anywhere("textExtra[].hashtagName", "challenges[].title"),
    },
    accounts={"id": anywhere("author.id"), "screen_name": anywhere("author.uniqueId")},
)

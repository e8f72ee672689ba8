"""How the columns of each table are encoded in its files."""

from typing import Final

from lookalike.snapshots.parquet.columns import Column, columns_of
from lookalike.tables.schemas import SCHEMAS, SORTED_BY

# Seconds of one core and size for 16M members (scaled from 1M in 4 files), hashing and fsync included, by Arrow's
# encoder: as below 2.6 s and 1.2 GB; zstd-1 on the ids and names 3.8 s and 0.7 GB; zstd-1 on everything 4.3 s and
# 0.7 GB. Our own takes 0.6 of the first. A look-up also decodes an uncompressed row group in two thirds of the time.
# Dictionaries only where values repeat inside a row group: building one for ids costs time and saves nothing.
DICTIONARY: Final = {
    "pairs": ["hashtag", "distance", "similarity"],
    "members": ["hashtag", "posts", "reposts"],
    "hashtags": ["posts", "members", "pairs"],
    "accounts": ["posts", "hashtags", "lookalikes"],
    "account_hashtags": ["account_id", "posts", "reposts"],
    "lookalikes": ["account_id", "distance", "similarity", "hashtags"],
    "spellings": ["posts"],
    "member_places": [],
    "rejects": ["source", "file", "reason"],
    "post_index": [],
    "unknown_posts": [],
    "members_overlay": ["hashtag", "posts", "reposts"],
    "account_hashtags_overlay": ["account_id", "posts", "reposts"],
}
# Differences of timestamps are narrower than timestamps.
_DELTAS: Final = {
    "members": ["first_post", "last_post", "account_created"],
    "accounts": ["account_created"],
    "account_hashtags": ["first_post", "last_post"],
    "members_overlay": ["first_post", "last_post", "account_created", "before"],
    "account_hashtags_overlay": ["first_post", "last_post", "before"],
}
# What look-ups skip row groups by; on the other columns they would only cost.
_STATISTICS: Final = {
    "pairs": ["hashtag", "similarity"],
    "members": ["hashtag"],
    "hashtags": ["hashtag"],
    "accounts": ["account_id"],
    "account_hashtags": ["account_id"],
    "lookalikes": ["account_id"],
    "spellings": ["hashtag"],
    "post_index": ["id_hash"],
    "members_overlay": ["hashtag"],
    "account_hashtags_overlay": ["account_id"],
}
# Whole posts, rarely read.
COMPRESSION: Final = {"rejects": "zstd"}


def table_columns(table: str) -> list[Column]:
    """How the columns of a table are stored."""
    deltas = _DELTAS.get(table, [])
    return columns_of(SCHEMAS[table], DICTIONARY[table], deltas, _STATISTICS.get(table, []))


def table_sorting(table: str) -> list[tuple[int, bool]]:
    """Number of the column and "descending": what a table says that it is sorted by."""
    return [(SCHEMAS[table].get_field_index(name), descending) for name, descending in SORTED_BY[table]]

"""The table of hashtags."""

from typing import Final, NamedTuple

import pyarrow as pa

from lookalike.tables.table import Column, Order, Table

HASHTAGS: Final = Table(
    name="hashtags",
    meaning="each hashtag that was used",
    columns=(
        Column("hashtag", pa.string(), "the normalised hashtag", statistics=True),
        Column("display", pa.string(), "its most frequent spelling, without #"),
        Column("posts", pa.int64(), "posts with the hashtag", encoding="dictionary"),
        Column("members", pa.int64(), "accounts that used it: its keys in members", encoding="dictionary"),
        Column(
            "pairs",
            pa.int64(),
            "similar pairs of these accounts: its rows in pairs, unless identical names are groups",
            encoding="dictionary",
        ),
    ),
    key=("hashtag",),
    order=(Order("hashtag"),),
    total="hashtags",
)


class HashtagRow(NamedTuple):
    """A row of HASHTAGS."""

    hashtag: str
    display: str
    posts: int
    members: int
    pairs: int

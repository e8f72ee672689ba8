"""The table of spellings of hashtags."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import Column, Order, Table

SPELLINGS: Final = Table(
    name="spellings",
    meaning="how each hashtag was written",
    columns=(
        Column("hashtag", pa.string(), "the normalised hashtag", statistics=True),
        Column("spelling", pa.string(), "as written, without #"),
        Column("posts", pa.int64(), "posts that spell it so, at least 1", encoding="dictionary"),
    ),
    key=("hashtag", "spelling"),
    order=(Order("hashtag"), Order("spelling")),
    bucket="hashtag",
)

"""The table of memberships by account."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import GENERATION, TIME, Column, Order, Table

ACCOUNT_HASHTAGS: Final = Table(
    name="account_hashtags",
    meaning="the hashtags that each account used: members once more, by account",
    columns=(
        Column("account_id", pa.string(), "id of the account", encoding="dictionary", statistics=True),
        Column("hashtag", pa.string(), "the normalised hashtag"),
        Column("posts", pa.int64(), "posts of the account with the hashtag, at least 1", encoding="dictionary"),
        Column("reposts", pa.int64(), "of these, those known to be reposts", encoding="dictionary"),
        Column(
            "first_post", TIME, "earliest date of these posts; null if none has one", nullable=True, encoding="delta"
        ),
        Column(
            "last_post", TIME, "latest date of these posts; null if none has one", nullable=True, encoding="delta"
        ),
        GENERATION,
    ),
    key=("account_id", "hashtag"),
    order=(Order("account_id"), Order("hashtag")),
    bucket="account_id",
    generations=True,
    total="memberships",
)

"""The table of memberships by hashtag."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import GENERATION, TIME, Column, Order, Table

MEMBERS: Final = Table(
    name="members",
    meaning="the accounts that used each hashtag, with what they did with it",
    columns=(
        Column("hashtag", pa.string(), "the normalised hashtag", encoding="dictionary", statistics=True),
        Column("account_id", pa.string(), "id of the account"),
        Column("account_number", pa.uint32(), "the account's number, see accounts"),
        Column("screen_name", pa.string(), "the account's screen name, as written"),
        Column("posts", pa.int64(), "posts of the account with the hashtag, at least 1", encoding="dictionary"),
        Column("reposts", pa.int64(), "of these, those known to be reposts", encoding="dictionary"),
        Column(
            "first_post", TIME, "earliest date of these posts; null if none has one", nullable=True, encoding="delta"
        ),
        Column(
            "last_post", TIME, "latest date of these posts; null if none has one", nullable=True, encoding="delta"
        ),
        Column(
            "created_at",
            TIME,
            "when the account was created; null if its date could not be read",
            nullable=True,
            encoding="delta",
        ),
        GENERATION,
    ),
    key=("hashtag", "account_id"),
    order=(Order("hashtag"), Order("account_id")),
    bucket="hashtag",
    generations=True,
    total="memberships",
)

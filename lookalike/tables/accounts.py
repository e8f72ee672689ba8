"""The table of accounts."""

from datetime import datetime
from typing import Final, NamedTuple

import pyarrow as pa

from lookalike.tables.columns import CREATED_AT
from lookalike.tables.table import Column, Order, Table

ACCOUNTS: Final = Table(
    name="accounts",
    meaning="every account of the input, whether it used a hashtag or not",
    columns=(
        Column("account_id", pa.string(), "id of the account", statistics=True),
        Column(
            "account_number",
            pa.uint32(),
            "number of the account, also in members; the same in all snapshots that build on each other",
        ),
        Column("screen_name", pa.string(), "its screen name, as written"),
        CREATED_AT,
        Column("posts", pa.int64(), "its posts that have a hashtag", encoding="dictionary"),
        Column("hashtags", pa.int64(), "hashtags it used: its keys in account_hashtags", encoding="dictionary"),
        Column("lookalikes", pa.int64(), "its rows in lookalikes", encoding="dictionary"),
    ),
    key=("account_id",),
    order=(Order("account_id"),),
    bucket="account_id",
    total="accounts",
)


class AccountRow(NamedTuple):
    """A row of ACCOUNTS."""

    account_id: str
    account_number: int
    screen_name: str
    created_at: datetime | None
    posts: int
    hashtags: int
    lookalikes: int

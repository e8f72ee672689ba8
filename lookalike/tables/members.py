"""The table of memberships by hashtag."""

from typing import Final

import pyarrow as pa

from lookalike.tables.columns import CREATED_AT, EVIDENCE, GENERATION
from lookalike.tables.table import Column, Order, Table

MEMBERS: Final = Table(
    name="members",
    meaning="the accounts that used each hashtag, with what they did with it",
    columns=(
        Column("hashtag", pa.string(), "the normalised hashtag", encoding="dictionary", statistics=True),
        Column("account_id", pa.string(), "id of the account"),
        Column("account_number", pa.uint32(), "the account's number, see accounts"),
        Column("screen_name", pa.string(), "the account's screen name, as written"),
        *EVIDENCE,
        CREATED_AT,
        GENERATION,
    ),
    key=("hashtag", "account_id"),
    order=(Order("hashtag"), Order("account_id")),
    bucket="hashtag",
    generations=True,
    total="memberships",
)

"""The table of memberships by account."""

from typing import Final

import pyarrow as pa

from lookalike.tables.columns import EVIDENCE, GENERATION
from lookalike.tables.table import Column, Order, Table

ACCOUNT_HASHTAGS: Final = Table(
    name="account_hashtags",
    meaning="the hashtags that each account used: members once more, by account",
    columns=(
        Column("account_id", pa.string(), "id of the account", encoding="dictionary", statistics=True),
        Column("hashtag", pa.string(), "the normalised hashtag"),
        *EVIDENCE,
        GENERATION,
    ),
    key=("account_id", "hashtag"),
    order=(Order("account_id"), Order("hashtag")),
    bucket="account_id",
    generations=True,
    total="memberships",
)

"""The table of look-alikes of each account."""

from typing import Final

import pyarrow as pa

from lookalike.tables.columns import DISTANCE
from lookalike.tables.table import Column, Order, Table

LOOKALIKES: Final = Table(
    name="lookalikes",
    meaning="every similar pair of accounts from either side, once however many hashtags the two share",
    columns=(
        Column("account_id", pa.string(), "id of the account", encoding="dictionary", statistics=True),
        Column("other_id", pa.string(), "id of the account that looks like it"),
        Column("other_name", pa.string(), "screen name of that account"),
        DISTANCE,
        Column("similarity", pa.float64(), "as in pairs", encoding="dictionary"),
        Column("hashtags", pa.int64(), "hashtags under which the two are a similar pair", encoding="dictionary"),
    ),
    key=("account_id", "other_id"),
    order=(
        Order("account_id"),
        Order("hashtags", descending=True),
        Order("similarity", descending=True),
        Order("other_id"),
    ),
    bucket="account_id",
)

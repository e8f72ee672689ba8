"""The table of names over time."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import TIME, Column, Order, Table

NAMES: Final = Table(
    name="names",
    meaning="all screen names of the accounts that had several; the one in accounts is the latest",
    columns=(
        Column("account_id", pa.string(), "id of the account", statistics=True),
        Column("screen_name", pa.string(), "a screen name that it had, as written"),
        Column("first_seen", TIME, "earliest date of the rows with the name; null if none has one", nullable=True),
        Column("last_seen", TIME, "latest date of these rows; null if none has one", nullable=True),
        Column("rows", pa.int64(), "rows of the input with the name", encoding="dictionary"),
    ),
    key=("account_id", "screen_name"),
    order=(Order("account_id"), Order("screen_name")),
    bucket="account_id",
    total="names",
)

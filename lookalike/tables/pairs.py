"""The table of similar pairs."""

from typing import Final

import pyarrow as pa

from lookalike.tables.columns import DISTANCE
from lookalike.tables.table import Column, Order, Table

PAIRS: Final = Table(
    name="pairs",
    meaning="each similar pair of accounts of a hashtag, once: with `--identical group` only those of the first "
    "account of each name",
    columns=(
        Column("hashtag", pa.string(), "the normalised hashtag", encoding="dictionary", statistics=True),
        Column("account_a", pa.string(), "id of the account whose id comes first (by UTF-8 bytes)"),
        Column("account_b", pa.string(), "id of the other account"),
        DISTANCE,
        Column(
            "similarity",
            pa.float64(),
            "(m - distance) / m, correctly rounded, with m the length of the longer name; at least the floor",
            encoding="dictionary",
            statistics=True,
        ),
    ),
    key=("hashtag", "account_a", "account_b"),
    order=(Order("hashtag"), Order("similarity", descending=True), Order("account_a"), Order("account_b")),
    bucket="hashtag",
    total="similar_pairs",
)

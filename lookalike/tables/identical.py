"""The table of accounts with the name of another one, of snapshots that publish identical names as groups."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import Column, Order, Table

IDENTICAL: Final = Table(
    name="identical",
    meaning="accounts of a hashtag with the name of an earlier one, from runs with `--identical group`: each row is "
    "a similar pair of distance 0, and account_b has all pairs that account_a has",
    columns=(
        Column("hashtag", pa.string(), "the normalised hashtag", encoding="dictionary", statistics=True),
        Column(
            "account_a",
            pa.string(),
            "id of the group's account whose id comes first (by UTF-8 bytes); pairs lists the pairs of this one",
            encoding="dictionary",
        ),
        Column("account_b", pa.string(), "id of another account of the group"),
    ),
    key=("hashtag", "account_b"),
    order=(Order("hashtag"), Order("account_a"), Order("account_b")),
    bucket="hashtag",
    total="identical",
)

"""The table of input rows that could not be used."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import Column, Table

REJECTS: Final = Table(
    name="rejects",
    meaning="each row of the input that could not be used",
    columns=(
        Column("source", pa.string(), "posts or accounts", encoding="dictionary"),
        Column("file", pa.string(), "path of the input file", encoding="dictionary"),
        Column("reason", pa.string(), "why the row could not be used", encoding="dictionary"),
        Column(
            "row",
            pa.string(),
            "the row as written; bytes that are not UTF-8 are escaped, a row over 64 MiB is cut to its first KiB",
        ),
    ),
    compression="zstd",
    total="rejects",
)

# Reasons that other tables have to agree with.
CONFLICT: Final = "conflicting duplicate"
UNKNOWN_AUTHOR: Final = "unknown author"

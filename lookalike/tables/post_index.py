"""The index of the posts that were read: what the next run knows them by."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import Column, Order, Table

POST_INDEX: Final = Table(
    name="post_index",
    meaning="the posts that were read, each different row once",
    columns=(
        Column("id_hash", pa.uint64(), "hash of the post's id", statistics=True),
        Column("id_check", pa.uint64(), "a second hash of the id"),
        Column("row_hash", pa.uint64(), "hash of the post's other columns"),
        Column(
            "row",
            pa.int64(),
            "the post's file, by its place among the manifest's inputs, times 2^44, plus its place in the file",
        ),
        Column("kept", pa.bool_(), "false if another row of the same id was used instead"),
    ),
    key=("row",),
    order=(Order("id_hash"),),
    total="posts_read",
    internal=True,
)

"""The posts whose author is not among the accounts."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import Column, Table

UNKNOWN_POSTS: Final = Table(
    name="unknown_posts",
    meaning="the posts whose author is not among the accounts; the next run uses them if the author is then",
    columns=(
        Column("author_id", pa.string(), "the post's author"),
        Column("row", pa.int64(), "as in post_index"),
    ),
    key=("row",),
    total="unknown_posts",
    internal=True,
)

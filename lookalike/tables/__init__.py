"""The tables of a snapshot, each described once, in a file of its own."""

from typing import Final

from lookalike.tables.account_hashtags import ACCOUNT_HASHTAGS
from lookalike.tables.accounts import ACCOUNTS, AccountRow
from lookalike.tables.columns import EVIDENCE, GENERATION
from lookalike.tables.hashtags import HASHTAGS, HashtagRow
from lookalike.tables.identical import IDENTICAL
from lookalike.tables.lookalikes import LOOKALIKES
from lookalike.tables.members import MEMBERS
from lookalike.tables.names import NAMES
from lookalike.tables.pairs import PAIRS
from lookalike.tables.post_index import POST_INDEX
from lookalike.tables.rejects import CONFLICT, REJECTS, UNKNOWN_AUTHOR
from lookalike.tables.spellings import SPELLINGS
from lookalike.tables.table import TIME, Column, Order, Table
from lookalike.tables.unknown_posts import UNKNOWN_POSTS

TABLES: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        PAIRS,
        IDENTICAL,
        MEMBERS,
        HASHTAGS,
        ACCOUNTS,
        NAMES,
        ACCOUNT_HASHTAGS,
        LOOKALIKES,
        SPELLINGS,
        REJECTS,
        POST_INDEX,
        UNKNOWN_POSTS,
    )
}

__all__ = [
    "ACCOUNTS",
    "ACCOUNT_HASHTAGS",
    "CONFLICT",
    "EVIDENCE",
    "GENERATION",
    "HASHTAGS",
    "IDENTICAL",
    "LOOKALIKES",
    "MEMBERS",
    "NAMES",
    "PAIRS",
    "POST_INDEX",
    "REJECTS",
    "SPELLINGS",
    "TABLES",
    "TIME",
    "UNKNOWN_AUTHOR",
    "UNKNOWN_POSTS",
    "AccountRow",
    "Column",
    "HashtagRow",
    "Order",
    "Table",
]

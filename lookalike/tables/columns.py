"""The columns that several tables have."""

from typing import Final

import pyarrow as pa

from lookalike.tables.table import TIME, Column

# What an account did with a hashtag: of each row of members and of account_hashtags.
POSTS: Final = Column("posts", pa.int64(), "posts of the account with the hashtag, at least 1", encoding="dictionary")
REPOSTS: Final = Column("reposts", pa.int64(), "of these, those known to be reposts", encoding="dictionary")
FIRST_POST: Final = Column(
    "first_post", TIME, "earliest date of these posts; null if none has one", nullable=True, encoding="delta"
)
LAST_POST: Final = Column(
    "last_post", TIME, "latest date of these posts; null if none has one", nullable=True, encoding="delta"
)
EVIDENCE: Final = (POSTS, REPOSTS, FIRST_POST, LAST_POST)

CREATED_AT: Final = Column(
    "created_at",
    TIME,
    "when the account was created; null if its date could not be read",
    nullable=True,
    encoding="delta",
)

DISTANCE: Final = Column(
    "distance",
    pa.int32(),
    "Levenshtein distance of the two screen names",
    unit="code points",
    encoding="dictionary",
)

# The last column of a table with generations.
GENERATION: Final = Column(
    "generation",
    pa.int32(),
    "the run that wrote the row, counted from the last full run (0); of the rows of one key the newest counts",
    encoding="dictionary",
    statistics=True,
)

"""The tables of a snapshot: columns, keys, sort orders, and by what they are split into buckets."""

from typing import Final

import pyarrow as pa

from lookalike.errors import SnapshotError

_TIME: Final = pa.timestamp("us", tz="UTC")


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


# Key: hashtag, account_a, account_b. account_a < account_b (UTF-8 bytes), each pair once a hashtag.
# distance: Levenshtein, in code points. similarity: (m - d) / m correctly rounded, m the length of the
# longer name in code points; >= the snapshot's floor; 1.0 if and only if distance is 0.
# Sorted by hashtag, similarity descending, account_a, account_b.
PAIRS: Final = pa.schema(
    [
        _required("hashtag", pa.string()),
        _required("account_a", pa.string()),
        _required("account_b", pa.string()),
        _required("distance", pa.int32()),
        _required("similarity", pa.float64()),
    ]
)

# Key: hashtag, account_id. posts: posts of the account with the hashtag, >= 1; reposts: those of them
# known to be reposts, <= posts. first_post <= last_post; both null if no post has a readable date.
# Sorted by hashtag, account_id.
MEMBERS: Final = pa.schema(
    [
        _required("hashtag", pa.string()),
        _required("account_id", pa.string()),
        _required("screen_name", pa.string()),
        _required("posts", pa.int64()),
        _required("reposts", pa.int64()),
        pa.field("first_post", _TIME),
        pa.field("last_post", _TIME),
        pa.field("account_created", _TIME),
    ]
)

# Key: hashtag. display: the most frequent spelling. posts: posts with the hashtag, each once;
# members, pairs: the hashtag's rows in the two tables above, members >= 1.
# Sorted by hashtag, over all its files.
HASHTAGS: Final = pa.schema(
    [
        _required("hashtag", pa.string()),
        _required("display", pa.string()),
        _required("posts", pa.int64()),
        _required("members", pa.int64()),
        _required("pairs", pa.int64()),
    ]
)

# Key: account_id. One row for every account of the input, whether it used a hashtag or not. posts: its used
# posts, each once however many hashtags it has; hashtags, lookalikes: its rows in the two tables below.
# Sorted by account_id.
ACCOUNTS: Final = pa.schema(
    [
        _required("account_id", pa.string()),
        _required("screen_name", pa.string()),
        pa.field("account_created", _TIME),
        _required("posts", pa.int64()),
        _required("hashtags", pa.int64()),
        _required("lookalikes", pa.int64()),
    ]
)

# Key: account_id, hashtag. The members once more, by account. Sorted by account_id, hashtag.
ACCOUNT_HASHTAGS: Final = pa.schema(
    [
        _required("account_id", pa.string()),
        _required("hashtag", pa.string()),
        _required("posts", pa.int64()),
        _required("reposts", pa.int64()),
        pa.field("first_post", _TIME),
        pa.field("last_post", _TIME),
    ]
)

# Key: account_id, other_id; every similar pair of accounts stands here twice, once from either side, however
# many hashtags it shares. hashtags: in how many hashtags the two are a similar pair, >= 1.
# Sorted by account_id, hashtags descending, similarity descending, other_id.
LOOKALIKES: Final = pa.schema(
    [
        _required("account_id", pa.string()),
        _required("other_id", pa.string()),
        _required("other_name", pa.string()),
        _required("distance", pa.int32()),
        _required("similarity", pa.float64()),
        _required("hashtags", pa.int64()),
    ]
)

# No key: one row an input row that could not be used, in no order. source: posts or accounts; file: the
# input's path; row: the row as written, bytes that are not UTF-8 escaped, a very long row cut short.
REJECTS: Final = pa.schema(
    [
        _required("source", pa.string()),
        _required("file", pa.string()),
        _required("reason", pa.string()),
        _required("row", pa.string()),
    ]
)

# Reasons of rejects that other tables have to agree with.
CONFLICT: Final = "conflicting duplicate"
UNKNOWN_AUTHOR: Final = "unknown author"

# Key: hashtag, spelling. How the hashtag was written: posts with each spelling, >= 1. Sorted by hashtag, spelling.
SPELLINGS: Final = pa.schema(
    [
        _required("hashtag", pa.string()),
        _required("spelling", pa.string()),
        _required("posts", pa.int64()),
    ]
)

# Key: the number of the row of MEMBERS in its bucket. account: the member's place among all accounts in the order of
# their ids (UTF-8 bytes), so that the next run need not look ids up. In the order of the members.
MEMBER_PLACES: Final = pa.schema([_required("account", pa.uint32())])

# What the next run needs to know of the posts that were read, see stages.postindex. Key: row. id_hash, id_check: 128
# bits of hash of the id; row_hash: of all else. row: the number of the posts file among the manifest's inputs, above
# its place in the file, see stages.posts. kept: whether no other row of the same id was used instead.
# Each file is sorted by id_hash.
POST_INDEX: Final = pa.schema(
    [
        _required("id_hash", pa.uint64()),
        _required("id_check", pa.uint64()),
        _required("row_hash", pa.uint64()),
        _required("row", pa.int64()),
        _required("kept", pa.bool_()),
    ]
)

# Key: row, as above: the posts whose author is not among the accounts, until he is. In no order.
UNKNOWN_POSTS: Final = pa.schema([_required("author_id", pa.string()), _required("row", pa.int64())])

# Rows that came to a table after its files were written, so that these need not be made anew. Key: the table's.
# before: the row of the table's files in the bucket, counted from 0 over all of them, that the row stands before; as
# many as there are for those behind the last. instead: whether it stands instead of that row, which then counts no
# more; of rows with the same `before` only the last may. In the order of the table.
_LAID_OVER: Final = [_required("before", pa.int64()), _required("instead", pa.bool_())]
MEMBERS_OVERLAY: Final = pa.schema([*MEMBERS, *_LAID_OVER])
ACCOUNT_HASHTAGS_OVERLAY: Final = pa.schema([*ACCOUNT_HASHTAGS, *_LAID_OVER])

# The tables that may have an overlay, and what it is called.
OVERLAYS: Final = {"members": "members_overlay", "account_hashtags": "account_hashtags_overlay"}
TABLE_OF: Final = {overlay: table for table, overlay in OVERLAYS.items()}  # that an overlay lies over

SCHEMAS: Final[dict[str, pa.Schema]] = {
    "pairs": PAIRS,
    "members": MEMBERS,
    "hashtags": HASHTAGS,
    "accounts": ACCOUNTS,
    "account_hashtags": ACCOUNT_HASHTAGS,
    "lookalikes": LOOKALIKES,
    "spellings": SPELLINGS,
    "member_places": MEMBER_PLACES,
    "rejects": REJECTS,
    "post_index": POST_INDEX,
    "unknown_posts": UNKNOWN_POSTS,
    "members_overlay": MEMBERS_OVERLAY,
    "account_hashtags_overlay": ACCOUNT_HASHTAGS_OVERLAY,
}

# The tables that are split by bucket_of(hashtag) and by bucket_of(account_id).
BY_HASHTAG: Final = frozenset({"pairs", "members", "spellings", "member_places", "members_overlay"})
BY_ACCOUNT: Final = frozenset({"accounts", "account_hashtags", "lookalikes", "account_hashtags_overlay"})
BUCKETED: Final = BY_HASHTAG | BY_ACCOUNT
# Those with a key to look up, their first column.
KEYED: Final = (BUCKETED | {"hashtags"}) - {"member_places"}

# Column and "descending"; what a file is sorted by and says so in its footer.
SORTED_BY: Final[dict[str, tuple[tuple[str, bool], ...]]] = {
    "pairs": (("hashtag", False), ("similarity", True), ("account_a", False), ("account_b", False)),
    "members": (("hashtag", False), ("account_id", False)),
    "hashtags": (("hashtag", False),),
    "accounts": (("account_id", False),),
    "account_hashtags": (("account_id", False), ("hashtag", False)),
    "lookalikes": (("account_id", False), ("hashtags", True), ("similarity", True), ("other_id", False)),
    "spellings": (("hashtag", False), ("spelling", False)),
    "member_places": (),
    "rejects": (),
    "post_index": (("id_hash", False),),
    "unknown_posts": (),
    "members_overlay": (("hashtag", False), ("account_id", False)),
    "account_hashtags_overlay": (("account_id", False), ("hashtag", False)),
}


def check_schema(actual: pa.Schema, expected: pa.Schema, what: str) -> None:
    """Raise SnapshotError naming every difference of columns, order, types and nullability at once."""
    names = list(actual.names)
    problems = [f"column {name!r} is missing" for name in expected.names if name not in names]
    problems += [f"column {name!r} is unknown" for name in names if name not in expected.names]
    problems += [f"column {name!r} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if not problems and names != list(expected.names):
        problems.append(f"columns are in the order {names}, not {list(expected.names)}")
    for field in expected:
        if names.count(field.name) != 1:
            continue
        found = actual.field(field.name)
        if found.type != field.type:
            problems.append(f"column {field.name!r} is {found.type}, not {field.type}")
        if found.nullable and not field.nullable:
            problems.append(f"column {field.name!r} may be null")
        if field.nullable and not found.nullable:
            problems.append(f"column {field.name!r} may not be null")
    if problems:
        raise SnapshotError(f"{what}: " + "; ".join(problems))

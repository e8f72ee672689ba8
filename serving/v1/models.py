"""What /api/v1 answers, field by field; the OpenAPI document is made of this."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Time = Annotated[
    str,
    Field(
        description="ISO 8601 in UTC, with six digits of a second's fraction where there is one.",
        json_schema_extra={"format": "date-time"},
        examples=["2023-01-01T10:00:00Z"],
    ),
]
Count = Annotated[int, Field(ge=0)]
Similarity = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="(m - d) / m: d the distance, m the length of the longer name.",
        examples=[0.9333333333333333],
    ),
]
Distance = Annotated[int, Field(ge=0, description="Levenshtein distance of the names in code points.")]
Gap = Annotated[
    float | None,
    Field(ge=0, description="Seconds between the creations of the two accounts; null where one is unknown."),
]
NextCursor = Annotated[
    str | None,
    Field(description="Hand this back as `cursor`, with the same parameters, for the next page; null on the last."),
]
SnapshotId = Annotated[
    str,
    Field(description="The snapshot that the answer comes from.", examples=["20261123T150102Z-1a2b3c"]),
]


class Model(BaseModel):
    """What all answers have in common: no field but those named, and every one of them always there."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_serialization_defaults_required=True, allow_inf_nan=False
    )


class Hashtag(Model):
    """One hashtag."""

    hashtag: Annotated[str, Field(description="The normalised key.", examples=["diedsuddenly"])]
    display: Annotated[str, Field(description="Its most frequent spelling.", examples=["DiedSuddenly"])]
    posts: Annotated[int, Field(ge=0, description="Posts with the hashtag.")]
    members: Annotated[int, Field(ge=1, description="Accounts that used it.")]
    pairs: Annotated[int, Field(ge=0, description="Similar pairs among them, from the snapshot's floor on.")]


class Hashtags(Model):
    """A page of hashtags."""

    snapshot: SnapshotId
    hashtags: list[Hashtag]
    next_cursor: NextCursor


class HistogramBin(Model):
    """How many pairs have a similarity of at least one value and below another."""

    at_least: Annotated[float, Field(ge=0, le=1)]
    below: Annotated[float | None, Field(description="Null in the last bin: identical names, of similarity 1.")]
    pairs: Count


class HashtagDetail(Hashtag):
    """One hashtag in full."""

    snapshot: SnapshotId
    floor: Annotated[float, Field(description="The similarity from which on pairs are stored.")]
    first_post: Time | None
    last_post: Time | None
    similarity_histogram: Annotated[
        list[HistogramBin],
        Field(
            description="From the floor up, a bin for each hundredth and one for 1; their pairs add up to `pairs`."
        ),
    ]


class PairSide(Model):
    """One account of a pair, and how it used the hashtag."""

    account_id: str
    screen_name: str
    posts: Annotated[int, Field(ge=0, description="Its posts with the hashtag.")]
    reposts: Annotated[int, Field(ge=0, description="Those of them that are reposts.")]
    first_post: Time | None
    last_post: Time | None
    created_at: Time | None


class Pair(Model):
    """Two accounts of one hashtag with similar names, a before b by id."""

    hashtag: str
    distance: Distance
    similarity: Similarity
    created_gap_seconds: Gap
    a: PairSide
    b: PairSide


class Pairs(Model):
    """A page of pairs, the most similar first, then by account ids."""

    snapshot: SnapshotId
    hashtag: str
    display: str
    min_similarity: Annotated[float, Field(ge=0, le=1, description="What the pairs were chosen by.")]
    pairs: list[Pair]
    next_cursor: NextCursor


class AccountHashtag(Model):
    """How an account used a hashtag."""

    hashtag: str
    posts: Count
    reposts: Count
    first_post: Time | None
    last_post: Time | None


class Lookalike(Model):
    """Another account with a similar name that shares hashtags with this one."""

    account_id: str
    screen_name: str
    distance: Distance
    similarity: Similarity
    hashtags: Annotated[int, Field(ge=1, description="In how many hashtags the two are a similar pair.")]


class Account(Model):
    """One account: who it is, and a page of its hashtags and look-alikes."""

    snapshot: SnapshotId
    account_id: str
    screen_name: str
    created_at: Time | None
    posts: Annotated[int, Field(ge=0, description="Its posts that have a hashtag.")]
    hashtag_count: Count
    lookalike_count: Count
    hashtags: Annotated[list[AccountHashtag], Field(description="Those with most of its posts first.")]
    lookalikes: Annotated[list[Lookalike], Field(description="Those that share most hashtags first.")]
    next_cursor: NextCursor


class ComparedAccount(Model):
    """One side of a comparison; all but the id is null for an account that the snapshot does not have."""

    account_id: str
    screen_name: str | None
    compared_name: Annotated[
        str | None,
        Field(description="The name as it was compared: in folded case if the snapshot was made so."),
    ]
    created_at: Time | None


class Edit(Model):
    """One step on the way from a's name to b's: a character of either, or of both."""

    operation: Literal["equal", "substitute", "insert", "delete"]
    a: Annotated[str | None, Field(description="The character in a's name; null for an insertion.")]
    b: Annotated[str | None, Field(description="The character in b's name; null for a deletion.")]


class SharedUse(Model):
    """How one of two accounts used a hashtag that they share."""

    posts: Count
    reposts: Count
    first_post: Time | None
    last_post: Time | None


class SharedHashtag(Model):
    """A hashtag that two accounts share."""

    hashtag: str
    a: SharedUse
    b: SharedUse


class Reason(Model):
    """Why two accounts are not a similar pair anywhere."""

    code: Literal["same_account", "not_in_snapshot", "no_shared_hashtag", "below_floor", "missed_by_blocking"]
    detail: str


class Comparison(Model):
    """Two accounts side by side."""

    snapshot: SnapshotId
    a: ComparedAccount
    b: ComparedAccount
    distance: Distance | None
    similarity: Similarity | None
    floor: Annotated[float, Field(description="The similarity from which on pairs are stored.")]
    created_gap_seconds: Gap
    alignment: Annotated[
        list[Edit] | None,
        Field(description="The fewest edits, character by character; null if a name is unknown or very long."),
    ]
    pair: Annotated[bool, Field(description="Whether the two are a similar pair in at least one hashtag.")]
    pair_hashtags: Annotated[int, Field(ge=0, description="In how many hashtags they are one.")]
    why_not: Annotated[list[Reason], Field(description="Why they are not; empty if they are.")]
    shared_hashtag_count: Count
    shared_hashtags: Annotated[
        list[SharedHashtag],
        Field(description="Those with most posts of the two first; at most `limit`."),
    ]


class TableSize(Model):
    """What a table of the snapshot holds."""

    table: str
    rows: Count
    files: Count
    bytes: Count


class InputFile(Model):
    """A file that the snapshot was made from."""

    table: Literal["posts", "accounts"]
    name: str
    bytes: Count
    modified: Time
    format: Literal["tsv", "parquet"]
    compression: Literal["gzip", "bz2"] | None
    quoting: Literal["none", "rfc4180"]


class AccountRows(Model):
    """Where the rows of the accounts went: rows = used + duplicates + rejected."""

    rows: Count
    used: Count
    duplicates: Count
    rejected: Annotated[dict[str, Count], Field(description="By reason.")]
    unreadable_dates: Annotated[int, Field(ge=0, description="Of the used rows.")]


class PostRows(Model):
    """Where the rows of the posts went: each is in one of the counts, but for the unreadable values."""

    rows: Count
    used: Count
    without_hashtag: Count
    excluded_reposts: Count
    duplicates: Count
    rejected: Annotated[dict[str, Count], Field(description="By reason.")]
    unreadable_dates: Annotated[int, Field(ge=0, description="Of the used rows.")]
    unreadable_flags: Annotated[int, Field(ge=0, description="Of the used rows.")]


class Counts(Model):
    """From rows to similar pairs."""

    accounts: AccountRows
    posts: PostRows
    memberships: Annotated[int, Field(ge=0, description="Distinct (hashtag, account).")]
    hashtags: Count
    pairs_sharing: Annotated[
        int, Field(ge=0, description="Pairs of accounts that share a hashtag, over all hashtags.")
    ]
    candidates: Annotated[int, Field(ge=0, description="Pairs that blocking let through.")]
    verified: Annotated[int, Field(ge=0, description="Pairs whose distance was computed.")]
    similar_pairs: Count
    names_once: Annotated[
        bool, Field(description="Whether all names were compared once, rather than hashtag by hashtag.")
    ]


class Recall(Model):
    """How many of the pairs of sampled hashtags a lossy blocking found."""

    hashtags: Count
    pairs: Count
    found: Count


class SnapshotInfo(Model):
    """The snapshot that is served."""

    snapshot: SnapshotId
    created: Time
    job_version: str
    schema_version: int
    floor: Annotated[float, Field(description="The similarity from which on pairs are stored.")]
    buckets: Annotated[int, Field(ge=1)]
    configuration: Annotated[
        dict[str, JsonValue], Field(description="The options of the run; without the places of files.")
    ]
    counts: Counts
    seconds: Annotated[dict[str, float], Field(description="What each stage of the run took, in their order.")]
    recall: Annotated[Recall | None, Field(description="Null where nothing is lost.")]
    inputs: list[InputFile]
    tables: list[TableSize]

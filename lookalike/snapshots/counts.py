"""What a run counted: where every row went, and from memberships to similar pairs."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, model_validator

from lookalike.tables import CONFLICT, UNKNOWN_AUTHOR
from lookalike.tables.table import Total


def _sorted_keys(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


Rejected = Annotated[dict[str, NonNegativeInt], AfterValidator(_sorted_keys)]


class StrictModel(BaseModel):
    """A part of a manifest: no keys but its own, and none that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AccountCounts(StrictModel):
    """Where the rows of the accounts went: rows = used + duplicates + earlier_names + rejected, or it is no such
    count.

    earlier_names: rows with an earlier name of their account. names: all names of the accounts that have several.
    unreadable_dates counts used rows; this and names are no further parts of the sum.
    """

    rows: NonNegativeInt
    used: NonNegativeInt
    duplicates: NonNegativeInt
    earlier_names: NonNegativeInt = 0
    names: NonNegativeInt = 0
    rejected: Rejected
    unreadable_dates: NonNegativeInt = 0

    @model_validator(mode="after")
    def _reconcile(self) -> Self:
        kept = self.used + self.duplicates + self.earlier_names
        check_sum("accounts", self.rows, kept + sum(self.rejected.values()))
        return self


class PostCounts(StrictModel):
    """Where the rows of the posts went. Each row is in exactly one of the counts.

    used: rows with a known author and at least one hashtag. joined: rows that differ from another in their hashtags
    alone, and add these to it. unreadable_dates and unreadable_flags count
    used rows and are no further part of the sum.
    """

    rows: NonNegativeInt
    used: NonNegativeInt
    without_hashtag: NonNegativeInt
    excluded_reposts: NonNegativeInt
    duplicates: NonNegativeInt
    joined: NonNegativeInt = 0
    rejected: Rejected
    unreadable_dates: NonNegativeInt = 0
    unreadable_flags: NonNegativeInt = 0

    @model_validator(mode="after")
    def _reconcile(self) -> Self:
        kept = self.used + self.without_hashtag + self.excluded_reposts
        check_sum("posts", self.rows, kept + self.duplicates + self.joined + sum(self.rejected.values()))
        return self


class GroupedRows(StrictModel):
    """What the tables hold of the similar pairs of a snapshot that has identical names as groups."""

    pairs: NonNegativeInt
    identical: NonNegativeInt


class Counts(StrictModel):
    """The funnel of a run. pairs_sharing: pairs of accounts of one hashtag, summed over the hashtags.

    similar_pairs: all, also those that a grouped snapshot does not list; its rows are counted in `grouped`.

    names_once: whether all names were compared once and the hashtags attached to the pairs found, rather than
    hashtag by hashtag; candidates and verified count those comparisons.
    """

    accounts: AccountCounts
    posts: PostCounts
    memberships: NonNegativeInt
    hashtags: NonNegativeInt
    pairs_sharing: NonNegativeInt
    candidates: NonNegativeInt
    verified: NonNegativeInt
    similar_pairs: NonNegativeInt
    names_once: bool = False
    grouped: Annotated[GroupedRows | None, Field(exclude_if=lambda rows: rows is None)] = None

    def total(self, of: Total) -> int:
        """The number that a table's rows add up to, see Table.total."""
        posts, rejected = self.posts, self.posts.rejected
        match of:
            case "accounts":
                return self.accounts.used
            case "names":
                return self.accounts.names
            case "rejects":
                return sum(self.accounts.rejected.values()) + sum(rejected.values())
            case "posts_read":
                usable = posts.rows - posts.duplicates - sum(rejected.values())
                return usable + rejected.get(CONFLICT, 0)
            case "unknown_posts":
                return rejected.get(UNKNOWN_AUTHOR, 0)
            case "similar_pairs" if self.grouped is not None:
                return self.grouped.pairs
            case "identical":
                return 0 if self.grouped is None else self.grouped.identical
            case "memberships" | "hashtags" | "similar_pairs":
                number: int = getattr(self, of)
                return number


class Recall(StrictModel):
    """How much a lossy blocking found of the pairs that exist, measured on a sample of hashtags."""

    hashtags: NonNegativeInt
    pairs: NonNegativeInt
    found: NonNegativeInt


class Verification(StrictModel):
    """Random hashtags compared by brute force before the snapshot was published; see jobs.pipeline.verification.

    members: of them, that were compared; compared: pairs of those. found: the similar pairs among these that are
    stored, all of them right. lost: those that are not, 0 unless blocking may lose pairs.
    """

    hashtags: NonNegativeInt
    members: NonNegativeInt
    compared: NonNegativeInt
    found: NonNegativeInt
    lost: NonNegativeInt
    seconds: NonNegativeFloat


def check_sum(what: str, found: int, expected: int) -> None:
    """Raise ValueError unless two numbers are the same."""
    if found != expected:
        raise ValueError(f"{what} do not reconcile: {found} against {expected}")

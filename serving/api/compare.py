"""Two accounts side by side: their names, the edits between them, what they share, and whether they are a pair."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import ACCOUNT_HASHTAGS, AccountRow
from serving.api.alignment import Names, Operation, compare_names
from serving.api.alike import may_be_compared
from serving.api.answering import Call, CallDep
from serving.api.columns import Shown, with_columns
from serving.api.fields import (
    GIVEN,
    PAGE,
    AccountId,
    Count,
    Distance,
    Floor,
    Gap,
    Limit,
    Model,
    Parameters,
    Similarity,
    SnapshotId,
    Time,
    problems,
    v1_router,
)
from serving.api.steps import at_once
from serving.api.text import iso, written

router = v1_router()

_USE: Final = Shown(ACCOUNT_HASHTAGS, without=("account_id", "hashtag"))


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

    operation: Operation
    a: Annotated[str | None, Field(description="The character in a's name; null for an insertion.")]
    b: Annotated[str | None, Field(description="The character in b's name; null for a deletion.")]


@with_columns(_USE)
class SharedUse(Model):
    """How one of two accounts used a hashtag that they share."""


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
    floor: Floor
    created_gap_seconds: Gap
    alignment: Annotated[
        list[Edit] | None,
        Field(description="The fewest edits, character by character; null if a name is unknown or very long."),
    ]
    pair: Annotated[bool, Field(description="Whether the two are a similar pair in at least one hashtag.")]
    pair_hashtags: Annotated[int, Field(ge=0, description="The number of hashtags in which they are a similar pair.")]
    why_not: Annotated[list[Reason], Field(description="Why they are not a pair; empty if they are.")]
    shared_hashtag_count: Count
    shared_hashtags: Annotated[
        list[SharedHashtag],
        Field(description="Those with most posts of the two first; at most `limit`."),
    ]


class CompareParameters(Parameters):
    """Of the comparison of two accounts."""

    a: AccountId
    b: AccountId
    limit: Annotated[Limit, Field(description="At most this many shared hashtags.")] = PAGE


@router.get(
    "/compare",
    operation_id="compare_accounts",
    summary="Compare two accounts",
    response_description=GIVEN,
    response_model=Comparison,
    responses=problems(),
)
async def compare_accounts(call: CallDep, parameters: Annotated[CompareParameters, Query()]) -> Response:
    """Two accounts side by side, by their ids: the edits between their names, and why they are not a pair."""
    return await call.answer(partial(_answer, parameters))


async def _answer(parameters: CompareParameters, call: Call) -> Comparison:
    limit = call.rows_of(parameters.limit)
    return await call.read(at_once(_compare, call.served.snapshot, parameters.a, parameters.b, limit))


def _compare(snapshot: Snapshot, a: str, b: str, limit: int) -> Comparison:
    """Compare two accounts by id. limit: of shared hashtags."""
    manifest = snapshot.manifest
    row_a, row_b = snapshot.account(a), snapshot.account(b)
    names: Names | None = None
    shared, pair_hashtags = None, 0
    if row_a is None or row_b is None:
        missing = [id for id, row in ((a, row_a), (b, row_b)) if row is None]
        why_not = [
            Reason(code="not_in_snapshot", detail=f"{id} is no account of this snapshot.")
            for id in dict.fromkeys(missing)
        ]
    else:
        names = compare_names(manifest, row_a.screen_name, row_b.screen_name)
        shared = _shared(snapshot, a, b)
        if manifest.is_grouped:  # which has no look-alikes
            are_similar = a != b and names.meets_floor and may_be_compared(manifest, names.a, names.b)
            pair_hashtags = shared.num_rows if are_similar else 0
        else:
            pair_hashtags = _pair_hashtags(snapshot, row_a, row_b)
        why_not = [] if pair_hashtags else _why_not(manifest, a == b, names, shared.num_rows)
    return Comparison(
        snapshot=manifest.id,
        a=_side(a, row_a, None if names is None else names.a),
        b=_side(b, row_b, None if names is None else names.b),
        distance=None if names is None else names.distance,
        similarity=None if names is None else names.similarity,
        floor=float(manifest.threshold),
        created_gap_seconds=_gap_seconds(row_a, row_b),
        alignment=None if names is None else _edits(names),
        pair=pair_hashtags > 0,
        pair_hashtags=pair_hashtags,
        why_not=why_not,
        shared_hashtag_count=0 if shared is None else shared.num_rows,
        shared_hashtags=[] if shared is None else _uses(shared, limit),
    )


def _edits(names: Names) -> list[Edit] | None:
    if names.steps is None:
        return None
    return [Edit(operation=step.operation, a=step.a, b=step.b) for step in names.steps]


def _side(account_id: str, row: AccountRow | None, name: str | None) -> ComparedAccount:
    return ComparedAccount(
        account_id=account_id,
        screen_name=None if row is None else row.screen_name,
        compared_name=name,
        created_at=None if row is None else iso(row.created_at),
    )


def _gap_seconds(a: AccountRow | None, b: AccountRow | None) -> float | None:
    """Between the creations of the accounts; None where one is unknown."""
    if a is None or b is None or a.created_at is None or b.created_at is None:
        return None
    return abs((a.created_at - b.created_at).total_seconds())


def _pair_hashtags(snapshot: Snapshot, a: AccountRow, b: AccountRow) -> int:
    """In how many hashtags the two are a similar pair; read from the one with fewer look-alikes."""
    fewer, other = (a, b) if a.lookalikes <= b.lookalikes else (b, a)
    if not fewer.lookalikes:
        return 0
    found = snapshot.lookalikes(fewer.account_id)
    return sum(found.filter(pc.field("other_id") == other.account_id).column("hashtags").to_pylist())


def _shared(snapshot: Snapshot, a: str, b: str) -> pa.Table:
    """The hashtags of both accounts, with the columns of either side under its name; most posts first."""
    used = [snapshot.account_hashtags(id).select(["hashtag", *_USE.names]) for id in (a, b)]
    sides = [
        rows.rename_columns([name if name == "hashtag" else f"{name}_{side}" for name in rows.column_names])
        for rows, side in zip(used, "ab", strict=True)
    ]
    joined = sides[0].join(sides[1], keys="hashtag", join_type="inner", use_threads=False)
    posts = pc.add(joined.column("posts_a"), joined.column("posts_b"))
    ordered = joined.append_column("posts", posts).sort_by([("posts", "descending"), ("hashtag", "ascending")])
    return ordered.drop_columns("posts")


def _uses(shared: pa.Table, limit: int) -> list[SharedHashtag]:
    def use(row: dict[str, Any], side: str) -> SharedUse:
        return SharedUse(**{name: row[f"{name}_{side}"] for name in _USE.names})

    rows = written(shared.slice(0, limit))
    return [SharedHashtag(hashtag=row["hashtag"], a=use(row, "a"), b=use(row, "b")) for row in rows]


def _why_not(manifest: Manifest, same: bool, names: Names, shared: int) -> list[Reason]:
    if same:
        return [Reason(code="same_account", detail="An account is never paired with itself.")]
    said = []
    if not shared:
        said.append(Reason(code="no_shared_hashtag", detail="The two have no hashtag in common."))
    if not names.meets_floor:
        detail = f"Their similarity is below {manifest.floor}, from which on this snapshot has pairs."
        said.append(Reason(code="below_floor", detail=detail))
    if not said:
        blocking = manifest.configuration.get("blocking")
        detail = f"They would be a pair, but this snapshot was made with {blocking} blocking, which misses some."
        said.append(Reason(code="missed_by_blocking", detail=detail))
    return said

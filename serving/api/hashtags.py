"""Hashtags: the search for one, and one in full: how similar its pairs are, and when it was used."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from lookalike.hashtags import normalise
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import HASHTAGS, HashtagRow
from lookalike.threshold import Threshold
from serving.api import search
from serving.api.answering import Call, CallDep
from serving.api.columns import Shown, with_columns
from serving.api.cursors import decode_cursor, encode_cursor
from serving.api.fields import (
    GIVEN,
    NO_PARAMETERS,
    Count,
    Cursor,
    Floor,
    HashtagPath,
    Limit,
    Model,
    NextCursor,
    Parameters,
    SnapshotId,
    Time,
    problems,
    v1_router,
)
from serving.api.ranges import with_key
from serving.api.steps import Steps, at_once
from serving.api.text import timestamps
from serving.lookup.rows import grouped_pairs
from serving.problems.kinds import NotFound

router = v1_router()

_STEPS: Final = 100  # of similarity, between 0 and 1
_TOPS: Final = "v1", "tops"  # in the cache and among the flights
_TOPS_BYTES: Final = 1 << 20
_DETAIL_BYTES: Final = 1 << 14
_normalise = normalise.__wrapped__  # what clients send does not belong into the job's cache of spellings


_HASHTAG: Final = Shown(HASHTAGS)


@with_columns(_HASHTAG)
class Hashtag(Model):
    """One hashtag."""

    hashtag: Annotated[str, Field(examples=["diedsuddenly"])]
    display: Annotated[str, Field(examples=["DiedSuddenly"])]
    members: Annotated[int, Field(ge=1)]
    pairs: Annotated[int, Field(ge=0, description="Similar pairs among them, with at least the snapshot's floor.")]


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
    floor: Floor
    first_post: Time | None
    last_post: Time | None
    similarity_histogram: Annotated[
        list[HistogramBin],
        Field(
            description="From the floor up, a bin for each hundredth and one for 1; their pairs add up to `pairs`."
        ),
    ]


class SearchParameters(Parameters):
    """Of the search."""

    query: Annotated[str, Field(description="What the hashtag begins with, in any spelling.")] = ""
    sort: Annotated[search.Order, Field(description="Most pairs first, most members first, or by key.")] = "pairs"
    limit: Limit = 20
    cursor: Cursor | None = None


@router.get(
    "/hashtags",
    operation_id="search_hashtags",
    summary="Search hashtags",
    response_description=GIVEN,
    response_model=Hashtags,
    responses=problems(409, 410),
)
async def search_hashtags(call: CallDep, parameters: Annotated[SearchParameters, Query()]) -> Response:
    """Search hashtags: those whose key begins with the query."""
    return await call.answer(partial(_search, parameters))


@router.get(
    "/hashtags/{hashtag:anything}",
    operation_id="hashtag_detail",
    summary="One hashtag",
    response_description=GIVEN,
    response_model=HashtagDetail,
    responses=problems(404),
    dependencies=[NO_PARAMETERS],
)
async def hashtag_detail(hashtag: HashtagPath, call: CallDep) -> Response:
    """One hashtag: its counts, how similar its pairs are, its first and last post."""
    return await call.answer(partial(_detail, hashtag))


async def find_hashtag(spelling: str, call: Call) -> HashtagRow:
    """The row of a hashtag. Raises NotFound."""
    row = await call.read(at_once(call.served.snapshot.hashtag, _normalise(spelling)))
    if row is None:
        raise _no_hashtag(spelling)
    return row


async def _search(parameters: SearchParameters, call: Call) -> Hashtags:
    prefix = _normalise(parameters.query)
    request = ("hashtags", parameters.sort, prefix)
    after = None
    if parameters.cursor is not None:
        after = search.Mark.unpacked(*decode_cursor(parameters.cursor, call.served.id, request))
    found = await _find(call, prefix, parameters.sort, call.rows_of(parameters.limit), after)
    following = None if found.after is None else encode_cursor(call.served.id, request, *found.after.packed())
    hashtags = [Hashtag(**_HASHTAG.values(row._asdict())) for row in found.hashtags]
    return Hashtags(snapshot=call.served.id, hashtags=hashtags, next_cursor=following)


async def _find(call: Call, prefix: str, order: search.Order, limit: int, after: search.Mark | None) -> search.Found:
    snapshot = call.served.snapshot
    if order == "name":
        return await call.read(search.by_name(snapshot, prefix, limit, after))
    if not prefix and limit <= search.KEPT:
        tops: search.Tops = await call.read_once(_TOPS, partial(search.tops, snapshot), _TOPS_BYTES)
        page = tops.page(order, limit, after)
        if page is not None:
            return page
    return await call.read(search.by_size(snapshot, prefix, order, limit, after))


async def _detail(spelling: str, call: Call) -> HashtagDetail:
    key = _normalise(spelling)
    read = partial(_read_detail, call.served.snapshot, key)
    found = await call.read_once(("v1", "detail", key), read, _DETAIL_BYTES)
    if found is None:
        raise _no_hashtag(spelling)
    return found


def _read_detail(snapshot: Snapshot, key: str) -> Steps[HashtagDetail | None]:
    """Everything about a hashtag; None if no account used it. Memory: a row group."""
    row = snapshot.hashtag(key)
    if row is None:
        return None
    edges = bin_edges(snapshot.manifest.threshold)
    lowest = np.array([edge.lowest_similarity for edge in edges])
    counts = np.zeros(len(edges), np.int64)
    if snapshot.manifest.is_grouped:
        for similarity, pairs in grouped_pairs(snapshot, key).totals():
            counts += pairs * _count(np.array([similarity]), lowest)
            yield
    else:
        for rows in _pieces(snapshot, "pairs", key, "similarity"):
            counts += _count(rows.column("similarity").to_numpy(), lowest)
            yield
    moments: list[tuple[int, int]] = []  # of a piece: microseconds since 1970
    for rows in _pieces(snapshot, "members", key, "first_post", "last_post"):
        first, last = (rows.column(name).cast(pa.int64()) for name in ("first_post", "last_post"))
        if first.null_count < len(first):  # the two are null together
            moments.append((pc.min(first).as_py(), pc.max(last).as_py()))
        yield
    first_post = last_post = None
    if moments:
        extremes = [min(first for first, _ in moments), max(last for _, last in moments)]
        first_post, last_post = timestamps(pa.array(extremes, pa.timestamp("us", "UTC"))).to_pylist()
    bounds = [float(edge) for edge in edges]
    bins = zip(bounds, [*bounds[1:], None], counts.tolist(), strict=True)
    return HashtagDetail(
        **_HASHTAG.values(row._asdict()),
        snapshot=snapshot.manifest.id,
        floor=float(snapshot.manifest.threshold),
        first_post=first_post,
        last_post=last_post,
        similarity_histogram=[HistogramBin(at_least=least, below=below, pairs=pairs) for least, below, pairs in bins],
    )


def bin_edges(floor: Threshold) -> list[Threshold]:
    """Where the bins begin: at the floor, then at every hundredth above it, the last at 1."""
    first = floor.numerator * _STEPS // floor.denominator + 1
    return [floor, *(Threshold(step, _STEPS) for step in range(first, _STEPS + 1))]


def _count(similarity: npt.NDArray[np.float64], lowest: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    bins = np.searchsorted(lowest, similarity, side="right") - 1
    return np.bincount(np.maximum(bins, 0), minlength=len(lowest))


def _pieces(snapshot: Snapshot, table: str, key: str, *columns: str) -> Iterator[pa.Table]:
    for piece in with_key(snapshot.stored_for(table, key), key):
        yield piece.read(columns)


def _no_hashtag(spelling: str) -> NotFound:
    """The problem of a hashtag that no account used."""
    return NotFound(f"Nobody used the hashtag {spelling[:100]!r}.", parameter="hashtag")

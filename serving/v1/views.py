"""What each route of /api/v1 answers: reads through the snapshot, and puts the models together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from lookalike.hashtags import normalise
from lookalike.tables import AccountRow, HashtagRow
from serving.problems import NotFound
from serving.v1 import about, accounts, compare, detail, models, search
from serving.v1.calls import Call
from serving.v1.cursors import decode_cursor, encode_cursor
from serving.v1.parameters import CompareParameters, PageParameters, SearchParameters
from serving.v1.steps import Steps, at_once

Value = TypeVar("Value")
_TOPS = "v1", "tops"  # in the cache and among the flights
_TOPS_BYTES = 1 << 20
_DETAIL_BYTES = 1 << 14
_normalise = normalise.__wrapped__  # what clients send does not belong into the job's cache of spellings


async def search_hashtags(parameters: SearchParameters, call: Call) -> models.Hashtags:
    """A page of the search."""
    prefix = _normalise(parameters.query)
    request = ("hashtags", parameters.sort, prefix)
    after = None
    if parameters.cursor is not None:
        after = search.Mark.unpacked(*decode_cursor(parameters.cursor, call.served.id, request))
    found = await _search(call, prefix, parameters.sort, rows_of(call, parameters.limit), after)
    following = None if found.after is None else encode_cursor(call.served.id, request, *found.after.packed())
    hashtags = [models.Hashtag(**row._asdict()) for row in found.hashtags]
    return models.Hashtags(snapshot=call.served.id, hashtags=hashtags, next_cursor=following)


async def _search(
    call: Call, prefix: str, order: search.Order, limit: int, after: search.Mark | None
) -> search.Found:
    snapshot = call.served.snapshot
    if order == "name":
        return await call.read(search.by_name(snapshot, prefix, limit, after))
    if not prefix and limit <= search.KEPT:
        tops: search.Tops = await _once(call, _TOPS, partial(search.tops, snapshot), _TOPS_BYTES)
        page = tops.page(order, limit, after)
        if page is not None:
            return page
    return await call.read(search.by_size(snapshot, prefix, order, limit, after))


async def hashtag_detail(spelling: str, call: Call) -> models.HashtagDetail:
    """A hashtag in full."""
    key = _normalise(spelling)
    read = partial(detail.detail, call.served.snapshot, key)
    found = await _once(call, ("v1", "detail", key), read, _DETAIL_BYTES)
    if found is None:
        raise no_hashtag(spelling)
    return models.HashtagDetail(
        **found.row._asdict(),
        snapshot=call.served.id,
        floor=float(call.served.manifest.floor),
        first_post=found.first_post,
        last_post=found.last_post,
        similarity_histogram=[models.HistogramBin(**each._asdict()) for each in found.histogram],
    )


async def find_hashtag(spelling: str, call: Call) -> HashtagRow:
    """The row of a hashtag. Raises NotFound."""
    row = await call.read(at_once(call.served.snapshot.hashtag, _normalise(spelling)))
    if row is None:
        raise no_hashtag(spelling)
    return row


async def account(account_id: str, parameters: PageParameters, call: Call) -> models.Account:
    """An account, and a page of its lists."""
    request = ("account", account_id)
    offset, limit = 0, rows_of(call, parameters.limit)
    if parameters.cursor is not None:
        offset = max(0, decode_cursor(parameters.cursor, call.served.id, request)[0])
    page = await call.read(at_once(accounts.account_page, call.served.snapshot, account_id, offset, limit))
    if page is None:
        raise NotFound("This snapshot has no such account.", parameter="id")
    return models.Account(
        snapshot=call.served.id,
        account_id=page.row.account_id,
        screen_name=page.row.screen_name,
        created_at=accounts.iso(page.row.created_at),
        posts=page.row.posts,
        hashtag_count=page.row.hashtags,
        lookalike_count=page.row.lookalikes,
        hashtags=[models.AccountHashtag(**row) for row in page.hashtags],
        lookalikes=[models.Lookalike(**row) for row in page.lookalikes],
        next_cursor=encode_cursor(call.served.id, request, offset + limit, 0) if page.more else None,
    )


async def comparison(parameters: CompareParameters, call: Call) -> models.Comparison:
    """Two accounts side by side."""
    limit = rows_of(call, parameters.limit)
    found = await call.read(at_once(compare.compare, call.served.snapshot, parameters.a, parameters.b, limit))
    names, steps = found.names, None
    if names is not None and names.steps is not None:
        steps = [models.Edit(operation=step.operation, a=step.a, b=step.b) for step in names.steps]
    return models.Comparison(
        snapshot=call.served.id,
        a=_compared(parameters.a, found.a, None if names is None else names.a),
        b=_compared(parameters.b, found.b, None if names is None else names.b),
        distance=None if names is None else names.distance,
        similarity=None if names is None else names.similarity,
        floor=float(call.served.manifest.floor),
        created_gap_seconds=found.created_gap_seconds,
        alignment=steps,
        pair=found.pair_hashtags > 0,
        pair_hashtags=found.pair_hashtags,
        why_not=[models.Reason.model_validate({"code": code, "detail": said}) for code, said in found.why_not],
        shared_hashtag_count=found.shared_count,
        shared_hashtags=[models.SharedHashtag.model_validate(row) for row in found.shared],
    )


async def snapshot(call: Call) -> models.SnapshotInfo:
    """What is served."""
    return models.SnapshotInfo.model_validate(about.about(call.served.manifest))


def rows_of(call: Call, limit: int) -> int:
    """The rows that a page may have."""
    return min(limit, call.state.settings.max_limit)


def no_hashtag(spelling: str) -> NotFound:
    """The problem of a hashtag that nobody used."""
    return NotFound(f"Nobody used the hashtag {spelling[:100]!r}.", parameter="hashtag")


async def _once(call: Call, key: tuple[str, ...], read: Callable[[], Steps[Value]], size: int) -> Value:
    """A value that is kept with the snapshot; many requests at once read it once."""
    served = call.served

    async def make() -> tuple[Value]:
        kept = (await call.read(read()),)
        served.cache.put(key, kept, size)
        return kept

    kept: tuple[Value] | None = served.cache.get(key)
    if kept is None:
        kept = await served.flights.join(key, make)
    return kept[0]


def _compared(account_id: str, row: AccountRow | None, name: str | None) -> models.ComparedAccount:
    return models.ComparedAccount(
        account_id=account_id,
        screen_name=None if row is None else row.screen_name,
        compared_name=name,
        created_at=None if row is None else accounts.iso(row.created_at),
    )

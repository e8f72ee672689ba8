"""One account: who it is, the hashtags it used, and the accounts that look like it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

import pyarrow as pa
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from lookalike.snapshots.reader import Snapshot
from lookalike.tables import ACCOUNT_HASHTAGS, ACCOUNTS, LOOKALIKES, NAMES
from serving.api.alike import find_lookalikes, with_names
from serving.api.answering import Call, CallDep
from serving.api.columns import Shown, with_columns
from serving.api.cursors import decode_cursor, encode_cursor
from serving.api.fields import (
    GIVEN,
    PAGE,
    AccountPath,
    Count,
    Cursor,
    Limit,
    Model,
    NextCursor,
    Parameters,
    Similarity,
    SnapshotId,
    problems,
    v1_router,
)
from serving.api.steps import at_once
from serving.api.text import written
from serving.problems.kinds import NotFound

router = v1_router()


_ACCOUNT: Final = Shown(ACCOUNTS, renamed={"hashtags": "hashtag_count", "lookalikes": "lookalike_count"})
_NAME: Final = Shown(NAMES, without=("account_id",))
_HASHTAG: Final = Shown(ACCOUNT_HASHTAGS, without=("account_id",))
_LOOKALIKE: Final = Shown(
    LOOKALIKES, without=("account_id",), renamed={"other_id": "account_id", "other_name": "screen_name"}
)


@with_columns(_NAME)
class NameOverTime(Model):
    """A screen name that the account had, and when it was seen."""


@with_columns(_HASHTAG)
class AccountHashtag(Model):
    """How an account used a hashtag."""


@with_columns(_LOOKALIKE)
class Lookalike(Model):
    """Another account with a similar name that shares hashtags with this one."""

    similarity: Similarity
    hashtags: Annotated[int, Field(ge=1)]


@with_columns(_ACCOUNT, after="snapshot")
class Account(Model):
    """One account: who it is, and a page of its hashtags and look-alikes."""

    snapshot: SnapshotId
    names: Annotated[
        list[NameOverTime], Field(description="All names that it had, if there are several; the latest is compared.")
    ]
    hashtag_count: Count
    lookalike_count: Annotated[int, Field(ge=0, description="Accounts that look like it.")]
    hashtags: Annotated[list[AccountHashtag], Field(description="Those with most of its posts first.")]
    lookalikes: Annotated[list[Lookalike], Field(description="Those that share most hashtags first.")]
    next_cursor: NextCursor


class PageParameters(Parameters):
    """Of a page. `limit` applies to each list."""

    limit: Limit = PAGE
    cursor: Cursor | None = None


@router.get(
    "/accounts/{id:anything}",
    operation_id="account",
    summary="One account",
    response_description=GIVEN,
    response_model=Account,
    responses=problems(404, 409, 410),
)
async def account(id: AccountPath, call: CallDep, parameters: Annotated[PageParameters, Query()]) -> Response:
    """One account: its name, its hashtags, and its look-alikes across all hashtags. `limit` applies to each list."""
    return await call.answer(partial(_account, id, parameters))


async def _account(account_id: str, parameters: PageParameters, call: Call) -> Account:
    request = ("account", account_id)
    offset, limit = 0, call.rows_of(parameters.limit)
    if parameters.cursor is not None:
        offset = max(0, decode_cursor(parameters.cursor, call.served.id, request)[0])
    alike = None
    if call.served.manifest.is_grouped:
        alike = await find_lookalikes(call, account_id)
    found = await call.read(at_once(_read, call.served.snapshot, account_id, offset, limit, alike))
    if found is None:
        raise NotFound("This snapshot has no such account.", parameter="id")
    more = offset + limit < max(found.hashtag_count, found.lookalike_count)
    following = encode_cursor(call.served.id, request, offset + limit, 0) if more else None
    return found.model_copy(update={"next_cursor": following})


def _read(snapshot: Snapshot, account_id: str, offset: int, limit: int, alike: pa.Table | None) -> Account | None:
    """An account with rows [offset, offset + limit) of both lists; None if the input had no such account.

    alike: its look-alikes if they were worked out on request.
    """
    row = snapshot.account(account_id)
    if row is None:
        return None
    if alike is not None:
        row = row._replace(lookalikes=alike.num_rows)
    hashtags: list[dict[str, Any]] = []
    if offset < row.hashtags:
        used = snapshot.account_hashtags(account_id).sort_by([("posts", "descending"), ("hashtag", "ascending")])
        hashtags = written(_HASHTAG.select(used.slice(offset, limit)))
    lookalikes: list[dict[str, Any]] = []
    if offset < row.lookalikes:
        if alike is None:
            rows = snapshot.lookalikes(account_id).slice(offset, limit)
        else:
            rows = with_names(snapshot, account_id, alike.slice(offset, limit))
        lookalikes = written(_LOOKALIKE.select(rows))
    return Account(
        **_ACCOUNT.values(row._asdict()),
        snapshot=snapshot.manifest.id,
        names=[NameOverTime(**each) for each in written(_NAME.select(snapshot.names(account_id)))],
        hashtags=[AccountHashtag(**each) for each in hashtags],
        lookalikes=[Lookalike(**each) for each in lookalikes],
        next_cursor=None,
    )

"""The routes of /api/v1: parse, call, return."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from serving.problems import documented_problem
from serving.v1 import models, views
from serving.v1.calls import NO_PARAMETERS, CallDep
from serving.v1.export import export_pairs
from serving.v1.formats import MEDIA_TYPES
from serving.v1.parameters import (
    AccountPath,
    CompareParameters,
    HashtagPath,
    PageParameters,
    PairsParameters,
    SearchParameters,
)

_MEANINGS: Final = {
    404: "The snapshot has no such thing.",
    406: "None of the formats that are accepted is offered.",
    409: "The cursor was not given out for this request.",
    410: "The cursor belongs to a snapshot that is no longer served.",
    422: "A parameter is missing, unreadable, unknown or out of bounds.",
    503: "Nothing is served yet, a file cannot be read, or too much is asked at once.",
}
_GIVEN: Final = "The answer."
_TEXT: Final = {"schema": {"type": "string"}}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of the answers of a route that bring nothing."""
    documented: dict[int | str, dict[str, Any]] = {
        304: {"description": "The client has this answer already: If-None-Match names its ETag."}
    }
    for status in sorted({422, 503, *statuses}):
        documented[status] = documented_problem(_MEANINGS[status])
    documented["default"] = documented_problem("Any other error.")
    return documented


_PAIRS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The pairs, the most similar first. NDJSON has the objects of `pairs`, one a line; CSV and "
        "Arrow streams have the same in columns. In CSV, what a spreadsheet might run as a formula begins with '.",
        "content": {MEDIA_TYPES[format]: _TEXT for format in ("ndjson", "csv")}
        | {MEDIA_TYPES["arrow"]: {"schema": {"type": "string", "format": "binary"}}},
        "headers": {"Link": {"description": "The next page, if there is one.", "schema": {"type": "string"}}},
    }
}


class _Anything(Convertor[str]):
    """What a path parameter may be: hashtags and ids are as the job's input had them, slashes and line ends too."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())
router = APIRouter(prefix="/api/v1", tags=["v1"])


@router.get(
    "/hashtags",
    operation_id="search_hashtags",
    summary="Search hashtags",
    response_description=_GIVEN,
    response_model=models.Hashtags,
    responses=_problems(409, 410),
)
async def search_hashtags(call: CallDep, parameters: Annotated[SearchParameters, Query()]) -> Response:
    """Search hashtags as one types: those whose key begins with the query."""
    return await call.answer(partial(views.search_hashtags, parameters))


@router.get(
    "/hashtags/{hashtag:anything}/pairs",
    operation_id="hashtag_pairs",
    summary="Pairs of a hashtag with evidence",
    response_description=_GIVEN,
    response_model=models.Pairs,
    responses=_problems(404, 406, 409, 410) | _PAIRS,
)
async def hashtag_pairs(
    hashtag: HashtagPath, call: CallDep, parameters: Annotated[PairsParameters, Query()]
) -> Response:
    """The similar pairs of a hashtag with the evidence on both sides."""
    return await export_pairs(hashtag, parameters, call)


@router.get(
    "/hashtags/{hashtag:anything}",
    operation_id="hashtag_detail",
    summary="One hashtag",
    response_description=_GIVEN,
    response_model=models.HashtagDetail,
    responses=_problems(404),
    dependencies=[NO_PARAMETERS],
)
async def hashtag_detail(hashtag: HashtagPath, call: CallDep) -> Response:
    """One hashtag: its counts, how similar its pairs are, its first and last post."""
    return await call.answer(partial(views.hashtag_detail, hashtag))


@router.get(
    "/accounts/{id:anything}",
    operation_id="account",
    summary="One account",
    response_description=_GIVEN,
    response_model=models.Account,
    responses=_problems(404, 409, 410),
)
async def account(id: AccountPath, call: CallDep, parameters: Annotated[PageParameters, Query()]) -> Response:
    """One account: its name, its hashtags, and its look-alikes across all hashtags. `limit` is of either list."""
    return await call.answer(partial(views.account, id, parameters))


@router.get(
    "/compare",
    operation_id="compare_accounts",
    summary="Compare two accounts",
    response_description=_GIVEN,
    response_model=models.Comparison,
    responses=_problems(),
)
async def compare_accounts(call: CallDep, parameters: Annotated[CompareParameters, Query()]) -> Response:
    """Two accounts side by side, by their ids: the edits between their names, and why they are no pair."""
    return await call.answer(partial(views.comparison, parameters))


@router.get(
    "/snapshot",
    operation_id="served_snapshot",
    summary="The snapshot that is served",
    response_description=_GIVEN,
    response_model=models.SnapshotInfo,
    responses=_problems(),
    dependencies=[NO_PARAMETERS],
)
async def served_snapshot(call: CallDep) -> Response:
    """What is served: when it was made, how, and what was counted."""
    return await call.answer(views.snapshot)

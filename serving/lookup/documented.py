"""How FastAPI documents the look-up: serving.lookup.endpoint answers the path before the router sees it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from serving.lookup.endpoint import PATH
from serving.lookup.question import DEFAULT_SIMILARITY, MOST_ROWS
from serving.problems.documents import documented_problem

router = APIRouter(tags=["look-up"])


class SimilarAccountPairs(BaseModel):
    """The similar pairs of a hashtag."""

    model_config = ConfigDict(extra="forbid")

    similar_account_pairs: Annotated[
        list[Annotated[list[str | float], Field(min_length=3, max_length=3)]],
        Field(
            description="Two account ids, the smaller first, and the similarity of their screen names. The most "
            "similar pair comes first; pairs of equal similarity are in the order of their ids."
        ),
    ]


_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"headers": {"ETag": {"description": "Changes with the snapshot.", "schema": {"type": "string"}}}},
    304: {"description": "The client has this answer already (If-None-Match)."},
    414: documented_problem("The URL is too long."),
    422: documented_problem("A parameter is missing, unreadable or out of bounds; the problem names it."),
    503: documented_problem("No snapshot is served, or too many requests are under way."),
    504: documented_problem("The answer took too long."),
}


@router.get(
    PATH,
    operation_id="get_similar_accounts",
    summary="Similar account pairs of a hashtag",
    response_description="The pairs.",
    response_model=SimilarAccountPairs,
    responses=_RESPONSES,
)
async def get_similar_accounts(
    hashtag: Annotated[
        str,
        Query(
            description="In any spelling, with or without #. The setting max_parameter_bytes limits its length.",
            json_schema_extra={"pattern": "[^\\s#\uff03\ufe5f]"},
        ),
    ],
    min_similarity: Annotated[float, Query(ge=0, le=1, description="The least similarity of a pair.")] = float(
        DEFAULT_SIMILARITY
    ),
    limit: Annotated[
        int | None, Query(ge=1, le=MOST_ROWS, description="At most this many pairs. Without it: all.")
    ] = None,
    offset: Annotated[int, Query(ge=0, le=MOST_ROWS, description="Skip this many pairs.")] = 0,
) -> None:
    """Every pair of accounts that used a hashtag under similar screen names.

    A hashtag that no account used has no pairs. Below the similarity that the snapshot was made for, the service
    compares the members on request, within limits.
    """
    raise NotImplementedError

"""What several resources under /api/v1 have in common: fields of answers, parameters, and documented errors."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.convertors import Convertor, register_url_convertor

from serving.api.cursors import PATTERN
from serving.problems.documents import documented_problem
from serving.problems.kinds import InvalidParameter

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
    Field(description="Send this as `cursor`, with the same parameters, to get the next page; null on the last one."),
]
SnapshotId = Annotated[
    str,
    Field(description="The snapshot that the answer comes from.", examples=["20261123T150102Z-1a2b3c"]),
]
Floor = Annotated[float, Field(description="Pairs of at least this similarity are stored.")]

MOST_ROWS: Final = 10_000
PAGE: Final = 100


def _whole(value: Any) -> Any:
    """Refuse the spaces and underscores that pydantic reads over: they are not in the OpenAPI document."""
    if isinstance(value, str) and not value.removeprefix("-").isdecimal():
        raise ValueError("must be a whole number")
    return value


Limit = Annotated[
    int,
    Field(ge=1, le=MOST_ROWS, description="At most this many rows on a page. The setting max_limit may be lower."),
    BeforeValidator(_whole),
]
Cursor = Annotated[
    str,
    Field(
        description="`next_cursor` of the page before. It fits the same snapshot and the same other parameters.",
        json_schema_extra={"pattern": PATTERN},  # decode_cursor checks it with a clearer message
    ),
]
AccountId = Annotated[str, Field(min_length=1, description="As in the job's input.")]
HashtagPath = Annotated[
    str,
    Path(
        min_length=1,
        description="In any spelling, with or without #. A slash in it is sent as %2F.",
        examples=["maga"],
    ),
]
AccountPath = Annotated[str, Path(min_length=1, description="As in the job's input. A slash in it is sent as %2F.")]

_MEANINGS: Final = {
    404: "The snapshot has no such thing.",
    406: "The answer is not available in a format that the client accepts.",
    409: "The cursor belongs to another request.",
    410: "The cursor belongs to a snapshot that is no longer served.",
    422: "A parameter is missing, unreadable, unknown or out of bounds.",
    503: "No snapshot is served yet, a file cannot be read, or too many requests are under way.",
}
GIVEN: Final = "The answer."


def v1_router() -> APIRouter:
    """The router of a resource. Each has the prefix of its own, or its routes would not know their whole path."""
    return APIRouter(prefix="/api/v1", tags=["v1"])


class Model(BaseModel):
    """What all answers have in common: no field but those named, and every one of them always there."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_serialization_defaults_required=True, allow_inf_nan=False
    )


class Parameters(BaseModel):
    """The parameters of a request. An unknown one is refused: a misspelt one would pass for the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of the answers of a route that are not 200."""
    documented: dict[int | str, dict[str, Any]] = {
        304: {"description": "The client has this answer already: If-None-Match names its ETag."}
    }
    for status in sorted({422, 503, *statuses}):
        documented[status] = documented_problem(_MEANINGS[status])
    documented["default"] = documented_problem("Any other error.")
    return documented


def _refuse_parameters(request: Request) -> None:
    for name in request.query_params:
        raise InvalidParameter(f"{name[:64]}: is no parameter of this path", parameter=name[:64])


NO_PARAMETERS = Depends(_refuse_parameters)


# In the path of a request, a slash that was sent as %2F: one inside of a hashtag or an id, which ends no part of the
# path. No text that is UTF-8 has this code point.
INNER_SLASH: Final = "\udc2f"


class _Anything(Convertor[str]):
    """What a path parameter may be: hashtags and ids are as the job's input had them, slashes and line ends too.

    A hashtag `a/pairs` is asked for as `a%2Fpairs`; `a/pairs` are the pairs of `a`.
    """

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value.replace(INNER_SLASH, "/")

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())

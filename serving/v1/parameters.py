"""What requests to /api/v1 may say: one model for each route, so that each parameter is documented and checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from serving.lookup.parameters import parse_similarity
from serving.v1.cursors import PATTERN
from serving.v1.formats import MEDIA_TYPES, Format
from serving.v1.search import Order

# Characters of a hashtag, an id or a query: as many as fit the bound on a parameter's bytes, whatever they are.
LONGEST: Final = 256
MOST_ROWS: Final = 10_000
PAGE: Final = 100


def _similarity(value: Any) -> Decimal:
    """The similarity that a decimal names exactly."""
    return value if isinstance(value, Decimal) else parse_similarity(str(value))


MinSimilarity = Annotated[
    Decimal,
    PlainValidator(_similarity),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Limit = Annotated[
    int,
    Field(ge=1, le=MOST_ROWS, description="Rows of a page at most; the service may have a lower bound of its own."),
]
Cursor = Annotated[
    str,
    Field(
        description="`next_cursor` of the page before. Good for the same snapshot and the same other parameters.",
        json_schema_extra={"pattern": PATTERN},  # decode_cursor checks it, and says it better
    ),
]
AccountId = Annotated[str, Field(min_length=1, max_length=LONGEST, description="As in the job's input.")]
HashtagPath = Annotated[
    str,
    Path(min_length=1, max_length=LONGEST, description="In any spelling, with or without #.", examples=["maga"]),
]
AccountPath = Annotated[str, Path(min_length=1, max_length=LONGEST, description="As in the job's input.")]


class _Parameters(BaseModel):
    """A parameter that is not named is refused: a typing error would else pass for the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchParameters(_Parameters):
    """Of the search of hashtags."""

    query: Annotated[str, Field(max_length=LONGEST, description="What the hashtag begins with, in any spelling.")] = (
        ""
    )
    sort: Annotated[Order, Field(description="Most pairs first, most members first, or by key.")] = "pairs"
    limit: Limit = 20
    cursor: Cursor | None = None


class PairsParameters(_Parameters):
    """Of a hashtag's pairs."""

    min_similarity: Annotated[
        MinSimilarity | None,
        Field(description="Leave out less similar pairs. Without it: all that the snapshot stores."),
    ] = None
    limit: Annotated[
        Limit | None,
        Field(description=f"Rows of a page at most. Without it JSON has {PAGE}, the other formats have all."),
    ] = None
    cursor: Cursor | None = None
    format: Annotated[
        Format | None,
        Field(description=f"Instead of an Accept header with one of {', '.join(MEDIA_TYPES.values())}."),
    ] = None


class PageParameters(_Parameters):
    """Of routes that answer page by page."""

    limit: Limit = PAGE
    cursor: Cursor | None = None


class CompareParameters(_Parameters):
    """Of the comparison of two accounts."""

    a: AccountId
    b: AccountId
    limit: Annotated[Limit, Field(description="Shared hashtags at most.")] = PAGE

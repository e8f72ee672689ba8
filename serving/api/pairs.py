"""A hashtag's pairs with evidence, in the format asked for: a page, or all of them as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple, Protocol
from urllib.parse import quote, urlencode

import numpy as np
import pyarrow as pa
from fastapi import Query
from pydantic import Field, WithJsonSchema
from starlette.responses import Response

from lookalike.snapshots.reader import Snapshot
from lookalike.tables import PAIRS
from lookalike.threshold import Threshold
from serving.api.answering import CallDep
from serving.api.columns import with_columns
from serving.api.cursors import decode_cursor, encode_cursor
from serving.api.evidence import PAIR, SIDE, Witness
from serving.api.fields import (
    GIVEN,
    PAGE,
    Cursor,
    Gap,
    HashtagPath,
    Limit,
    Model,
    NextCursor,
    Parameters,
    Similarity,
    SnapshotId,
    problems,
    v1_router,
)
from serving.api.formats import MEDIA_TYPES, Format, content_type, encoded, negotiate
from serving.api.grouppairs import GroupPairs
from serving.api.hashtags import find_hashtag
from serving.api.livepairs import compare_live
from serving.api.ranges import START, Place, with_key
from serving.api.steps import Steps
from serving.lookup.question import Question, parse_similarity

router = v1_router()


@with_columns(SIDE)
class PairSide(Model):
    """One account of a pair, and how it used the hashtag."""


@with_columns(PAIR)
class Pair(Model):
    """Two accounts of one hashtag with similar names, a before b by id."""

    similarity: Similarity  # unlike a stored one it may be below the floor
    created_gap_seconds: Gap
    a: PairSide
    b: PairSide


class Pairs(Model):
    """A page of pairs, the most similar first, then by account ids."""

    snapshot: SnapshotId
    hashtag: str
    display: str
    min_similarity: Annotated[float, Field(ge=0, le=1, description="The least similarity of the pairs.")]
    pairs: list[Pair]
    next_cursor: NextCursor


class PairsParameters(Parameters):
    """Of a hashtag's pairs."""

    min_similarity: Annotated[
        str | None,
        WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}]}),
        Field(description="Leave out less similar pairs. Without it: all that the snapshot stores."),
    ] = None
    limit: Annotated[
        Limit | None,
        Field(
            description=f"At most this many rows on a page. Without it JSON has {PAGE}, the other formats have all."
        ),
    ] = None
    cursor: Cursor | None = None
    format: Annotated[
        Format | None,
        Field(description=f"Instead of an Accept header with one of {', '.join(MEDIA_TYPES.values())}."),
    ] = None
    ids: Annotated[
        Literal["text"] | None,
        Field(
            description="In CSV: begin account ids with ', so that a spreadsheet keeps all digits. The other formats "
            "have them as texts anyway."
        ),
    ] = None


_TEXT: Final = {"schema": {"type": "string"}}
_FORMATS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The pairs, the most similar first. NDJSON has the objects of `pairs`, one a line; CSV and "
        "Arrow streams have the same in columns. In CSV, what a spreadsheet might run as a formula begins with '.",
        "content": {MEDIA_TYPES[format]: _TEXT for format in ("ndjson", "csv")}
        | {MEDIA_TYPES["arrow"]: {"schema": {"type": "string", "format": "binary"}}},
        "headers": {"Link": {"description": "The next page, if there is one.", "schema": {"type": "string"}}},
    }
}


@router.get(
    "/hashtags/{hashtag:anything}/pairs",
    operation_id="hashtag_pairs",
    summary="Pairs of a hashtag with evidence",
    response_description=GIVEN,
    response_model=Pairs,
    responses=problems(404, 406, 409, 410) | _FORMATS,
)
async def hashtag_pairs(
    hashtag: HashtagPath, call: CallDep, parameters: Annotated[PairsParameters, Query()]
) -> Response:
    """The similar pairs of a hashtag with the evidence on both sides."""
    floor = call.served.manifest.threshold
    least = floor if parameters.min_similarity is None else parse_similarity(parameters.min_similarity)
    format = parameters.format or negotiate(call.accept)
    known = call.known(format)
    if known is not None:
        return known
    row = await find_hashtag(hashtag, call)
    request = ("pairs", row.hashtag, f"{least.numerator}/{least.denominator}")
    begin = START
    if parameters.cursor is not None:
        begin = Place(*decode_cursor(parameters.cursor, call.served.id, request))
    kept = GroupPairs if call.served.manifest.is_grouped else StoredPairs
    rows: Pieces = kept(call.served.snapshot, row.hashtag, least)
    if least < floor:
        question = Question(row.hashtag, least)
        rows = await compare_live(call, row, question)
    witness = Witness(call.served.snapshot, row.hashtag, row.members)
    headers = _download(format, row.hashtag)
    write = partial(encoded, format, marked_ids=parameters.ids == "text")
    if parameters.limit is None and format != "json":
        parts = write(witness.attach_all(pairs for _, pairs in rows.pieces(begin)), {}, {})
        return await call.streamed(parts, content_type(format), format, headers)
    found = await call.read(_page(rows, begin, call.rows_of(parameters.limit or PAGE)))
    following = None if found.next is None else encode_cursor(call.served.id, request, *found.next)
    headers |= _link(parameters, format, following)
    head = {
        "snapshot": call.served.id,
        "hashtag": row.hashtag,
        "display": row.display,
        "min_similarity": float(least),
    }
    parts = write(map(witness.attach, [found.pairs]), head, {"next_cursor": following})
    return await call.whole(parts, content_type(format), format, headers)


def _download(format: Format, key: str) -> dict[str, str]:
    """What a browser saves the answer as; JSON it shows."""
    if format == "json":
        return {}
    name = quote(f"{key}-pairs.{format}", safe="")
    return {"content-disposition": f"attachment; filename=pairs.{format}; filename*=UTF-8''{name}"}


def _link(parameters: PairsParameters, format: Format, cursor: str | None) -> dict[str, str]:
    """Where the next page is, for the formats whose body cannot say it."""
    if cursor is None:
        return {}
    given = parameters.model_dump(exclude_none=True) | {"format": format, "cursor": cursor}
    return {"link": f'<?{urlencode(given)}>; rel="next"'}


class Page(NamedTuple):
    """Pairs (tables.PAIRS) and where the next page begins; None after the last."""

    pairs: pa.Table
    next: Place | None


class Pieces(Protocol):
    """Pairs of one hashtag in the order of tables.PAIRS."""

    def pieces(self, begin: Place) -> Iterator[tuple[Place, pa.Table]]:
        """Those from a place on in pieces (tables.PAIRS) that are never empty, each with its first row's place."""


class StoredPairs:
    """The pairs of a hashtag that the snapshot has, from a similarity on."""

    def __init__(self, snapshot: Snapshot, key: str, least: Threshold) -> None:
        """Nothing is read yet."""
        self._snapshot, self._key, self._lowest = snapshot, key, least.lowest_similarity

    def pieces(self, begin: Place = START) -> Iterator[tuple[Place, pa.Table]]:
        """As in Pieces; a piece is at most a row group."""
        for piece in with_key(self._snapshot.stored_for("pairs", self._key), self._key, begin):
            rows = piece.read()
            similarity = rows.column("similarity").to_numpy()
            head = int(np.searchsorted(-similarity, -self._lowest, side="right"))
            if head:
                yield Place(piece.group, piece.start), rows.slice(0, head)
            if head < len(similarity):
                return


def _page(pairs: Pieces, begin: Place, limit: int) -> Steps[Page]:
    """At most `limit` pairs from a place on."""
    found: list[pa.Table] = []
    room = limit
    for place, rows in pairs.pieces(begin):
        if not room:
            return Page(pa.concat_tables(found), place)
        found.append(rows.slice(0, room))
        if rows.num_rows > room:
            return Page(pa.concat_tables(found), Place(place.group, place.row + room))
        room -= rows.num_rows
        yield
    return Page(pa.concat_tables(found) if found else PAIRS.schema.empty_table(), None)

"""A hashtag's pairs with evidence, in the format asked for: a page, or all of them as a stream."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, urlencode

from starlette.responses import Response

from serving.lookup.parameters import Question, lowest_printed
from serving.v1.calls import Call
from serving.v1.cursors import decode_cursor, encode_cursor
from serving.v1.evidence import Witness
from serving.v1.formats import Format, content_type, encoded, negotiate
from serving.v1.livepairs import compare_live
from serving.v1.pairs import Pieces, StoredPairs, page
from serving.v1.parameters import PAGE, PairsParameters
from serving.v1.ranges import START, Place
from serving.v1.views import find_hashtag, rows_of


async def export_pairs(spelling: str, parameters: PairsParameters, call: Call) -> Response:
    """The answer to a request for pairs."""
    format = parameters.format or negotiate(call.accept)
    known = call.known(format)
    if known is not None:
        return known
    row = await find_hashtag(spelling, call)
    floor = Decimal(call.served.manifest.floor)
    least = floor if parameters.min_similarity is None else parameters.min_similarity
    request = ("pairs", row.hashtag, str(least.normalize()))
    begin = START
    if parameters.cursor is not None:
        begin = Place(*decode_cursor(parameters.cursor, call.served.id, request))
    rows: Pieces = StoredPairs(call.served.snapshot, row.hashtag, lowest_printed(least))
    if least < floor:
        question = Question(row.hashtag, least, lowest_printed(least), 0, None)
        rows = await compare_live(call, row, question)
    witness = Witness(call.served.snapshot, row.hashtag, row.members)
    headers = _download(format, row.hashtag)
    if parameters.limit is None and format != "json":
        parts = encoded(format, witness.attach_all(pairs for _, pairs in rows.pieces(begin)), {}, {})
        return await call.streamed(parts, content_type(format), format, headers)
    found = await call.read(page(rows, begin, rows_of(call, parameters.limit or PAGE)))
    following = None if found.next is None else encode_cursor(call.served.id, request, *found.next)
    headers |= _link(parameters, format, following)
    head = {
        "snapshot": call.served.id,
        "hashtag": row.hashtag,
        "display": row.display,
        "min_similarity": float(least),
    }
    parts = encoded(format, map(witness.attach, [found.pairs]), head, {"next_cursor": following})
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

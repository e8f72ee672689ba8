"""One request to /api/v1: the snapshot that it reads from, and how its answer is sent."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from lookalike.errors import SnapshotError
from serving.api.steps import Steps, Value, at_once, finish, joined, packed, stream
from serving.lookup.negotiation import (
    LEAST_TO_COMPRESS,
    Coding,
    choose_coding,
    compress,
    is_known,
    tag_of,
)
from serving.problems.kinds import DamagedSnapshot, InvalidParameter
from serving.snapshots.holder import Served
from serving.state import ServedDep, State, StateDep

JSON: Final = "application/json"
_log = logging.getLogger("serving")


@dataclass(frozen=True)
class Call:
    """A request with the snapshot that it began with. coding: what its answer may be compressed with."""

    state: State
    served: Served
    accept: str | None
    coding: Coding
    if_none_match: bytes | None

    async def read(self, steps: Steps[Value], executor: Executor | None = None) -> Value:
        """Do some reading in threads. Raises DamagedSnapshot if a file turns out so."""
        try:
            return await finish(executor or self.state.executor, steps)
        except SnapshotError as error:
            raise self._damaged(error) from None

    async def read_once(self, key: tuple[str, ...], read: Callable[[], Steps[Value]], size: int) -> Value:
        """A value that is kept with the snapshot as `size` bytes; requests that come together read it once."""
        served = self.served

        async def make() -> tuple[Value]:
            kept = (await self.read(read()),)
            served.cache.put(key, kept, size)
            return kept

        kept: tuple[Value] | None = served.cache.get(key)
        if kept is None:
            kept = await served.flights.join(key, make)
        return kept[0]

    def rows_of(self, limit: int) -> int:
        """The rows that a page may have."""
        return min(limit, self.state.settings.max_limit)

    async def answer(self, make: Callable[[Call], Awaitable[BaseModel]]) -> Response:
        """The answer that `make` gives, as JSON; nothing is made if the client has it already."""
        known = self.known("json")
        return known or await self._whole((await make(self)).model_dump_json().encode(), JSON, "json", {})

    async def whole(self, parts: Iterator[bytes], media_type: str, variant: str, headers: dict[str, str]) -> Response:
        """An answer that fits into memory."""
        return await self._whole(await self.read(joined(parts)), media_type, variant, headers)

    async def streamed(
        self, parts: Iterator[bytes], media_type: str, variant: str, headers: dict[str, str]
    ) -> Response:
        """An answer that is made while it is sent; what goes wrong before its first part is still a problem.

        Later the answer ends without its last chunk, so the client sees that it is incomplete.
        """
        sent = stream(self.state.executor, packed(parts, self.coding))
        try:
            first = await anext(sent, b"")
        except SnapshotError as error:
            raise self._damaged(error) from None
        coded = {} if self.coding == "identity" else {"content-encoding": self.coding}
        return StreamingResponse(
            self._after(first, sent), headers=self._headers(media_type, variant, self.coding) | coded | headers
        )

    async def _after(self, first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        yield first
        try:
            async for part in rest:
                yield part
        except SnapshotError as error:
            self._damaged(error)
            raise

    def _damaged(self, error: SnapshotError) -> DamagedSnapshot:
        _log.error("a read failed: %s", error)
        self.state.holder.report_damage(error)
        return DamagedSnapshot()

    def known(self, variant: str) -> Response | None:
        """The answer "not modified" if the client has this representation already."""
        if self.if_none_match is None:
            return None
        tag = is_known(self.if_none_match, self._etag(variant), self.coding)
        return None if tag is None else Response(status_code=304, headers={"etag": tag, "vary": _VARY})

    async def _whole(self, body: bytes, media_type: str, variant: str, headers: dict[str, str]) -> Response:
        coding: Coding = self.coding if len(body) >= LEAST_TO_COMPRESS else "identity"
        if coding != "identity":
            body = await self.read(at_once(compress, body, coding))
            headers = headers | {"content-encoding": coding}
        return Response(body, headers=self._headers(media_type, variant, coding) | headers)

    def _headers(self, media_type: str, variant: str, coding: Coding) -> dict[str, str]:
        tag = tag_of(self._etag(variant), coding)
        return {"content-type": media_type, "etag": tag, "vary": _VARY, "cache-control": "no-cache"}

    def _etag(self, variant: str) -> str:
        return f"{self.served.etag}-{variant}"


_VARY: Final = "Accept, Accept-Encoding"


def check_query(query: bytes) -> None:
    """Raise InvalidParameter for what would be read otherwise than it was meant: not UTF-8, or given twice."""
    names = set()
    for part in filter(None, query.split(b"&")):
        try:
            name, _, _ = (unquote_to_bytes(side.replace(b"+", b" ")).decode() for side in part.partition(b"="))
        except UnicodeDecodeError:
            parameter = part.partition(b"=")[0][:64].decode("ascii", "replace")
            raise InvalidParameter(f"{parameter}: is not UTF-8", parameter=parameter) from None
        if name in names:
            raise InvalidParameter(f"{name[:64]}: is given twice", parameter=name[:64])
        names.add(name)


def get_call(request: Request, state: StateDep, served: ServedDep) -> Call:
    """The call that a request makes."""
    check_query(request.scope["query_string"])
    route = request.scope.get("route")
    request.scope["state"]["route"] = getattr(route, "path_format", None)  # for metrics and the access log
    accepts = request.headers.getlist("accept")
    known = request.headers.getlist("if-none-match")
    return Call(
        state=state,
        served=served,
        accept=", ".join(accepts) if accepts else None,
        coding=choose_coding(", ".join(request.headers.getlist("accept-encoding")).encode("latin-1")),
        if_none_match=", ".join(known).encode("latin-1") if known else None,
    )


CallDep = Annotated[Call, Depends(get_call)]

"""The outermost layer: request ids, the access log, the metrics, headers of every response, unexpected errors."""

from __future__ import annotations

import itertools
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.ops.loglines import AccessLine
from serving.ops.metrics import OTHER, Metrics
from serving.ops.record import Header, RequestRecord
from serving.problems.documents import send_problem
from serving.problems.kinds import InternalError

_ID_CHARACTERS: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
_HEX: Final = b"0123456789abcdef"
_log = logging.getLogger("serving")


class Observe:
    """Gives each request an id, sees how it ends, and writes that down.

    scope["state"] gets: request_id; headers, the request's by name; record (see RequestRecord). It may be given:
    route, the template of the path (otherwise that of FastAPI's route is taken), and snapshot, an id.
    `pages` names the paths of HTML pages and the headers that they get instead of `added`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        line: AccessLine | None,
        write: Callable[[str], None],
        added: tuple[Header, ...] = (),
        pages: Mapping[str, tuple[Header, ...]] | None = None,
        lifespan: ASGIApp | None = None,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._line = line
        self._write = write
        self._added = added
        self._pages = pages or {}
        self._lifespan = lifespan
        self._prefix = secrets.token_hex(8)
        self._numbers = itertools.count(secrets.randbits(32))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._not_http(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id")
        if given is not None and 0 < len(given) <= 128 and not given.translate(None, _ID_CHARACTERS):
            request_id = given.decode("ascii")
        else:
            request_id = "%s%016x" % (self._prefix, next(self._numbers))  # noqa: UP031 - a third quicker than an f-string
        parent = headers.get(b"traceparent")
        trace = request_id if parent is None else trace_of(parent) or request_id
        added = (*self._pages.get(scope["path"], self._added), (b"x-request-id", request_id.encode("ascii")))
        record = RequestRecord(headers, request_id, trace, added, send)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["headers"] = headers
        state["record"] = record
        self._metrics.begin()
        try:
            await self._app(scope, receive, record.send)
        except Exception as error:
            await self._failed(scope, record, error)
        finally:
            self._ended(scope, record)

    def _ended(self, scope: Scope, record: RequestRecord) -> None:
        seconds = time.monotonic() - record.started
        route = scope["state"].get("route")
        if route is None:
            route = getattr(scope.get("route"), "path_format", OTHER)
        if record.status == 0:  # the client left before there was an answer
            record.status = 499
        if scope["method"] == "HEAD":
            record.sent = 0  # what the application sent, the server did not
        self._metrics.end(route, scope["method"], record.status, seconds)
        if self._line is not None:
            self._write(self._line(scope, record, route, seconds))
        record.end()

    async def _failed(self, scope: Scope, record: RequestRecord, error: Exception) -> None:
        if record.complete:
            return  # Starlette raises again what it has logged and answered already
        _log.error("a request failed", exc_info=error, extra={"request_id": record.id})
        record.reason = "unexpected error"
        if record.status == 0:
            await send_problem(scope, record.send, InternalError())
        # Otherwise the server sees an answer that does not end, and closes the connection.

    async def _not_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and self._lifespan is not None:
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self._app(scope, receive, send)


def trace_of(parent: bytes) -> str | None:
    """The trace id of a `traceparent` header (W3C Trace Context); None if it is not well-formed."""
    if len(parent) < 55 or (len(parent) > 55 and (parent[:2] == b"00" or parent[55] != 45)):
        return None
    version, trace, span, flags = parent[:2], parent[3:35], parent[36:52], parent[53:55]
    if parent[2] != 45 or parent[35] != 45 or parent[52] != 45 or version == b"ff":
        return None
    if (version + trace + span + flags).translate(None, _HEX) or not trace.strip(b"0") or not span.strip(b"0"):
        return None
    return trace.decode("ascii")

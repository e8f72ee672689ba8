"""The layer that lets pages of other origins read the answers; only there if the settings name some."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.ops.exchange import Exchange

_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, if-none-match, traceparent, x-api-key, x-request-id",
    ),
    (b"access-control-max-age", b"600"),
    (b"content-length", b"0"),
)
_EXPOSED: Final = (
    b"access-control-expose-headers",
    b"etag, link, ratelimit, ratelimit-policy, retry-after, x-request-id",
)
_VARY: Final = (b"vary", b"origin")


class Cors:
    """Answers preflight requests of the `origins`, and marks what they may read. "*" stands for any origin.

    No credentials are allowed, for none are needed: a key is a header, which a page has to send of its own.
    """

    def __init__(self, app: ASGIApp, *, origins: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.encode("latin-1") for origin in origins)
        self._any = b"*" in self._origins

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a preflight request, or pass on."""
        exchange: Exchange = scope["state"]["exchange"]
        origin = exchange.headers.get(b"origin")
        if self._any:
            allow: tuple[tuple[bytes, bytes], ...] = ((b"access-control-allow-origin", b"*"),)
        elif origin in self._origins:
            allow = ((b"access-control-allow-origin", origin), _VARY)
        else:
            exchange.added = (*exchange.added, _VARY)  # a cache must not give this answer to the others
            return self._app(scope, receive, send)
        if origin and scope["method"] == "OPTIONS" and b"access-control-request-method" in exchange.headers:
            exchange.added = (*exchange.added, *allow)
            return _answer_preflight(send)
        exchange.added = (*exchange.added, *allow, _EXPOSED)
        return self._app(scope, receive, send)


async def _answer_preflight(send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
    await send({"type": "http.response.body", "body": b""})

"""The layer that finds out whose request a trusted proxy passes on."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.ops.addresses import Network, forwarded_for


class Forwarded:
    """Makes scope["client"] the client's address if the request comes from one of the `proxies`.

    Without proxies this layer is not there, and X-Forwarded-For is ignored.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on. A coroutine, by which uvicorn tells an ASGI 3 application."""
        peer = scope.get("client")
        if peer:
            given = [value for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"]
            if given:
                scope["client"] = (forwarded_for(peer[0], b",".join(given), self._proxies), 0)
        await self._app(scope, receive, send)

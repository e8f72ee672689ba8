"""HEAD wherever there is GET: the application answers as to GET, and its body is dropped."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """An application that knows no HEAD, with HEAD.

    The body ends with its first part. The server then tells the application that the client has left, so a streamed
    answer is not made to its end.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b""})

        get = dict(scope, method="GET")  # the server goes by its own scope
        try:
            await self._app(get, receive, without_body)
        finally:
            if "route" in get:
                scope["route"] = get["route"]  # for the metrics

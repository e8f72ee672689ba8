"""The layer in which requests begin one at a time, so that those that cost much do not hold up the others.

The event loop runs all that is ready before it looks at its connections again. Where hundreds of clients ask at once
for what FastAPI answers, which takes it a millisecond or two each, nobody else would be heard for as long as all of
these take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.ops.turns import Turns


class InTurn:
    """Lets one request begin each time that the event loop has looked at all connections. Not those `apart`."""

    def __init__(self, app: ASGIApp, *, apart: Collection[str]) -> None:
        self._app = app
        self._apart = frozenset(apart)
        self._turns = Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request when it is its turn."""
        if scope["type"] == "http" and scope["path"] not in self._apart:
            loop = asyncio.get_running_loop()
            turn = loop.create_future()
            self._turns.take(loop, lambda: None if turn.done() else turn.set_result(None))
            await turn
        await self._app(scope, receive, send)

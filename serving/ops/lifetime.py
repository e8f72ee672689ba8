"""What begins and ends with the process, besides the application's own: the second port, the last log lines."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.ops.logs import LogHandler
from serving.ops.server import SecondPort, drop_banner
from serving.settings import SettingsError


class Lifetime:
    """The lifespan of `app`, with the second port open before it begins and closed after it ends.

    While the server waits for requests under way after SIGTERM, the second port still answers.
    """

    def __init__(self, app: ASGIApp, *, second_port: SecondPort | None, handler: LogHandler) -> None:
        self._app = app
        self._second_port = second_port
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One lifespan."""
        drop_banner(receive)
        if self._second_port is not None:
            try:
                await self._second_port.start()
            except SettingsError as error:
                await receive()
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return

        async def observed(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await self._end()
            await send(message)

        await self._app(scope, receive, observed)

    async def _end(self) -> None:
        if self._second_port is not None:
            await self._second_port.stop()
        self._handler.closing = True  # the server's last words come after this, and then a signal ends it
        self._handler.writer.flush()

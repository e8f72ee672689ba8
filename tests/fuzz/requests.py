"""Damaged requests through the whole application of the service, as the server calls it."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from serving.app import create_app
from serving.settings import Settings
from tests.serving.opscall import Answer, scope_of

_LONGEST_WAIT = 600  # seconds for the snapshot to be opened: what look-ups run may have to be compiled first


class Service:
    """The application over an output; it answers until `close`."""

    def __init__(self, output: Path) -> None:
        settings = Settings(output=output, access_log=False)
        self._app: ASGIApp = create_app(settings)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._lifespan = self._loop.create_task(self._live())
        self._loop.run_until_complete(self._ready())

    async def _live(self) -> None:
        began = False

        async def receive() -> Message:
            nonlocal began
            if not began:
                began = True
                return {"type": "lifespan.startup"}
            await self._stop.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            assert message["type"].endswith(".complete"), message

        await self._app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)

    async def _ready(self) -> None:
        async with asyncio.timeout(_LONGEST_WAIT):
            while (await self._answer(scope_of("/readyz"))).status != 200:
                await asyncio.sleep(0.01)

    async def _answer(self, scope: Scope) -> Answer:
        """The answer for a client that sends no body and stays."""
        messages: list[Message] = []
        began = False

        async def receive() -> Message:
            nonlocal began
            if began:
                await self._stop.wait()
                return {"type": "http.disconnect"}
            began = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        head, *rest = messages
        body = b"".join(message.get("body", b"") for message in rest)
        return Answer(head["status"], list(head["headers"]), body)

    def close(self) -> None:
        """End it."""
        self._stop.set()
        self._loop.run_until_complete(self._lifespan)
        self._loop.close()

    def ask(self, path: Path, _: random.Random) -> None:
        """The request that a file holds: a line with the target, and one for each header, name and value."""
        target, *lines = path.read_bytes().split(b"\n")
        scope = scope_of()
        raw, _mark, query = target.partition(b"?")
        raw = raw if raw.startswith(b"/") else b"/" + raw
        headers = [(name.lower(), value) for name, _colon, value in (line.partition(b": ") for line in lines)]
        scope.update(
            {"path": unquote(raw.decode("latin-1")), "raw_path": raw, "query_string": query, "headers": headers}
        )
        answer = self._loop.run_until_complete(self._answer(scope))
        _check(answer)


def _check(answer: Answer) -> None:
    """Only what the contract has: an answer, or a problem that is the client's."""
    assert 200 <= answer.status < 500 or answer.status in (501, 505), (answer.status, answer.body[:2000])
    kind, coding = answer.header("content-type"), answer.header("content-encoding")
    if answer.body and coding is None and kind in ("application/json", "application/problem+json"):
        json.loads(answer.body)

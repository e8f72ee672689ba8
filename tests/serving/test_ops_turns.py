"""Requests that cost much begin one at a time; those that cost little do not wait for them."""

import asyncio

from starlette.types import Receive, Scope, Send

from serving.middleware.inturn import InTurn
from tests.serving.opscall import scope_of


async def nothing() -> dict[str, object]:
    return {"type": "http.disconnect"}


async def nowhere(_message: object) -> None:
    pass


def test_one_request_begins_between_two_looks_at_the_connections_and_health_does_not_wait() -> None:
    begun: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        begun.append(scope["path"])

    async def scenario() -> None:
        layer = InTurn(app, apart=("/livez",))
        paths = ["/a", "/b", "/given-up", "/c", "/livez"]
        tasks = [asyncio.create_task(layer(scope_of(path), nothing, nowhere)) for path in paths]
        await asyncio.sleep(0)
        assert begun == ["/livez"]
        tasks[2].cancel()
        most = 0
        while not all(task.done() for task in tasks):
            before = len(begun)
            await asyncio.sleep(0)
            most = max(most, len(begun) - before)
        assert most == 1
        assert begun == ["/livez", "/a", "/b", "/c"]

    asyncio.run(scenario())

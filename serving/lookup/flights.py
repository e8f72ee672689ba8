"""One flight a key: a burst of requests for the same cold answer makes it once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Flight:
    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiting = 0


class Flights:
    """Tasks under way by key. For one thread: the event loop's."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    async def join(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """The result of the task of this key, begun now if there is none; its error, likewise, for all.

        Whoever gives up waiting leaves the task to the others; when nobody waits any more it is cancelled.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(make()))
            flight.task.add_done_callback(lambda task: self._land(key, task))
        flight.waiting += 1
        try:
            result: Result = await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                self._forget(key, flight.task)  # whoever comes next begins anew
        return result

    def _land(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._forget(key, task)
        if not task.cancelled():
            task.exception()  # it was raised to those who waited; nobody may have

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        flight = self._flights.get(key)
        if flight is not None and flight.task is task:
            del self._flights[key]

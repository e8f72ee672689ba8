"""What is kept of answers: a cache of a bounded number of bytes, and the answers that are being made."""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Iterator
from typing import Any, Final, TypeVar

# What an entry costs besides its payload and its key: the dictionary's slot, the objects around the bytes.
OVERHEAD: Final = 1000


Result = TypeVar("Result")


class ByteCache:
    """Values by key, with the bytes that each takes; what was used longest ago is forgotten first.

    For one thread: the event loop's.
    """

    def __init__(self, capacity: int) -> None:
        """Hold at most `capacity` bytes."""
        self.capacity = capacity
        self.used = 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Any:
        """The value of a key, now the one used last; None if there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: Any, size: int) -> bool:
        """Keep a value of `size` bytes; whether it fits at all."""
        self.discard(key)
        size += OVERHEAD + _bytes_of(key)
        if size > self.capacity:
            return False
        self._entries[key] = (value, size)
        self.used += size
        while self.used > self.capacity:
            _, (_, freed) = self._entries.popitem(last=False)
            self.used -= freed
        return True

    def discard(self, key: Hashable) -> None:
        """Forget a key, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.used -= entry[1]

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self.used = 0

    def recent(self) -> Iterator[tuple[Hashable, Any]]:
        """Keys and values, the one used last first."""
        for key in reversed(self._entries):
            yield key, self._entries[key][0]


def _bytes_of(key: Hashable) -> int:
    """The texts in a key, which clients choose."""
    parts = key if isinstance(key, tuple) else ()
    return sum(sys.getsizeof(part) for part in parts if isinstance(part, str | bytes))


class _Flight:
    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.waiting = 0


class Flights:
    """Tasks under way by key: a burst of requests for the same answer makes it once. For the event loop's thread."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    async def join(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """The result of the task of this key, begun now if there is none; an error is raised to all who wait.

        A caller that gives up leaves the task to the others; when nobody waits any more it is cancelled.
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
                self._forget(key, flight.task)  # the next request begins again
        return result

    def _land(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._forget(key, task)
        if not task.cancelled():
            task.exception()  # marks it as seen: perhaps nobody waited for it

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        flight = self._flights.get(key)
        if flight is not None and flight.task is task:
            del self._flights[key]

"""Turns: what many clients ask for at once begins one at a time, with a look at all connections in between."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Calls that wait for their turn: one is made each time that the event loop has looked at all connections.

    For the event loop's thread alone.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_turning = False

    def take(self, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
        """Make a call after those that wait already."""
        self._waiting.append(call)
        if not self._is_turning:
            self._is_turning = True
            loop.call_soon(self._next, loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        call = self._waiting.popleft()
        self._is_turning = bool(self._waiting)
        if self._is_turning:
            loop.call_soon(self._next, loop)
        call()

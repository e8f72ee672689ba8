"""The layer that bounds the number of requests under way and the time of each.

If the response has not begun after `seconds`, the answer is 504. A response that has begun may take any time, but
is cut if nothing more of it could be sent for `seconds`: a large answer arrives whole over a slow line, and a client
that has stopped reading does not keep its place.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.ops.metrics import Metrics
from serving.ops.record import RequestRecord
from serving.ops.server import abort_connection
from serving.problems.documents import send_problem
from serving.problems.kinds import Overloaded, TimedOut

_OFTEN: Final = 0.25  # seconds between looks at the clock; one timer serves all requests


class Load:
    """Lets at most `requests` be under way, each for `seconds`."""

    def __init__(self, app: ASGIApp, *, requests: int, seconds: float, metrics: Metrics) -> None:
        self._app = app
        self._requests = requests
        self._seconds = seconds
        self._metrics = metrics
        self._running: dict[RequestRecord, asyncio.Task[object]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request if there is room for it."""
        running = self._running
        record: RequestRecord = scope["state"]["record"]
        if len(running) >= self._requests:
            self._metrics.refused("concurrency")
            await send_problem(scope, send, Overloaded("The service is busy; try again in a moment."))
            return
        task = asyncio.current_task()
        assert task is not None
        record.patience = self._seconds
        record.deadline = record.started + self._seconds
        running[record] = task
        if self._timer is None:
            self._look_later(asyncio.get_running_loop())
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not record.overdue:
                raise
        finally:
            del running[record]
        if record.overdue:
            task.uncancel()
            await self._give_up(scope, record, send)

    async def _give_up(self, scope: Scope, record: RequestRecord, send: Send) -> None:
        if record.status == 0:
            record.reason = "timed out"
            self._metrics.refused("timeout")
            await send_problem(scope, send, TimedOut(f"There was no answer within {self._seconds:g} seconds."))
            return
        if record.complete:
            return  # just in time
        record.reason = "stalled"
        self._metrics.refused("stalled")
        await abort_connection(record.server_send)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(min(_OFTEN, self._seconds / 4), self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is overdue."""
        self._timer = None
        now = time.monotonic()
        for record, task in self._running.items():
            if record.deadline < now and not record.overdue and not record.complete:
                record.overdue = True
                task.cancel()
        if self._running:
            self._look_later(loop)

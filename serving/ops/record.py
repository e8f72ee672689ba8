"""What the layers around the application know of one request and its response."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable

from starlette.types import Message, Send

Header = tuple[bytes, bytes]


class RequestRecord:
    """What is known of a request under way. scope["state"]["record"] holds it.

    headers: the request's, by lower-case name; of several with one name the last.
    added: what the response's headers are completed with; layers may replace it until the response begins.
    status: 0 until the response begins. sent: bytes of the body handed to the server.
    deadline: time.monotonic() at which it is overdue, moved on by each part of a streamed body.
    key: the name of the API key. reason: why it did not end as it should, for the log.
    """

    # Defaults of the class: most requests do not set them.
    status = 0
    sent = 0
    complete = False
    overdue = False
    deadline = math.inf
    patience = math.inf
    key: str | None = None
    reason: str | None = None

    def __init__(
        self, headers: dict[bytes, bytes], request_id: str, trace: str, added: tuple[Header, ...], send: Send
    ) -> None:
        self.headers = headers
        self.id = request_id
        self.trace = trace
        self.added = added
        self._send = send
        self.started = time.monotonic()

    @property
    def server_send(self) -> Send:
        """The `send` that the server gave."""
        return self._send

    def end(self) -> None:
        """Drop the reference to the server. It refers to the scope, which refers to this: a cycle of garbage."""
        self._send = _ended

    def send(self, message: Message) -> Awaitable[None]:
        """The `send` that the application gets. Not a coroutine: it runs for every message, and each costs time."""
        if message["type"] == "http.response.start":
            self.status = status = message["status"]
            # Never changed in place: the application may answer many requests with one message.
            message = {
                "type": "http.response.start",
                "status": status,
                "headers": [*message.get("headers", ()), *self.added],
            }
        else:
            if body := message.get("body"):
                self.sent += len(body)
            if message.get("more_body"):
                self.deadline = time.monotonic() + self.patience
            else:
                self.complete = True
        return self._send(message)


async def _ended(_message: Message) -> None:
    raise RuntimeError("the request has ended")

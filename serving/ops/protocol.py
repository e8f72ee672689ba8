"""HTTP/1.1 as uvicorn's httptools protocol speaks it, within bounds: bytes, headers, time, pipelined requests.

Nothing of a request reaches the application before its head is whole. What is refused before that is answered here,
as a problem document, and the connection is closed. A connection waits for its client while it is idle, in the middle
of a head, or in the middle of a body; each has its time. While an answer is under way, the layer Load has the clock.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from serving.ops.connections import Connections
from serving.ops.metrics import Reason
from serving.ops.refusals import is_one_host, refusal, too_large_head
from serving.ops.uptake import Uptake
from serving.problems.kinds import BadRequest, ContentTooLarge, HeadersTooLarge, Overloaded, Problem, RequestTimedOut

MAX_BODY_BYTES: Final = 65_536  # no request needs a body; some clients send a small one with every request
_END: Final = b"\r\n\r\n"  # of a head
_MOST_BODY: Final = 2 * MAX_BODY_BYTES  # with what is sent around it: sizes of chunks, trailers, the next head
_LARGE_BODY: Final = "The body is too large; no request needs one."
_MOST_REST: Final = 1 << 18  # bytes of pipelined requests that wait for their turn
_MOST_IGNORED: Final = 1 << 20  # bytes that come after a refusal, while the client may still read it
_LINGER: Final = 1.0  # seconds that it has for that
_STALLED: Final = 0.2  # of the time that a client has to read on; after that it makes room for others


class _HeldFlow(FlowControl):
    """Reading stays paused while there are bytes that wait for their turn; uvicorn resumes it for each request."""

    held = False

    def resume_reading(self) -> None:
        if not self.held:
            super().resume_reading()


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    waits: for the client, and not for the application. waits_since: the time of the loop. deadline: of the client's
    next step, looked at by `Connections`. own: the connections of its client, kept there. uptake: of what waits for
    the client.
    """

    flow: _HeldFlow

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        guard: Connections,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.ws_protocol_class = None  # an upgrade is never done
        self.url = b""  # uvicorn sets it when a request begins, and line ends may come before the first
        self._guard = guard
        settings = guard.settings
        self._most_headers, self._most_header_bytes = settings.max_headers, settings.max_header_bytes
        self._most_head = settings.max_url_bytes + settings.max_header_bytes
        self.deadline = math.inf
        self.waits_since = 0.0
        self.address: str | None = None
        self.own: dict[BoundedProtocol, None] | None = None
        self._fed = 0  # bytes of the head, or of the body, so far
        self._in_head = True  # or before one; otherwise in a body
        self._after_body = False  # the head may have begun in the same bytes as a body ended, which _fed leaves out
        self._rest, self._rest_at = b"", 0  # from there on: what comes after requests that are not answered yet
        self._deaf = False  # what comes is ignored: the connection ends
        self._ignored = 0
        self.uptake = Uptake()

    @property
    def waits(self) -> bool:
        """Whether the client has to send something, and no answer is under way."""
        return (self.cycle is None or self.cycle.response_complete) and not self.pipeline

    def is_stalled(self, now: float) -> bool:
        """Whether the client has not read on for a while, though there is something to read."""
        return self.uptake.seconds(now) > _STALLED * self._guard.settings.send_timeout_seconds

    # --- what the transport calls ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """A client has connected."""
        super().connection_made(transport)
        self.flow = _HeldFlow(transport)
        self.address = self.client[0] if self.client else None
        self.waits_since = self.loop.time()
        self.deadline = self.waits_since + self._guard.settings.head_timeout_seconds
        if not self._guard.admit(self, self.address):
            self._deaf = True
            self._answer(Overloaded("There are too many connections; try again in a moment."))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._guard.leave(self, self.address)
        self._rest = b""
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come: nearly always one whole head."""
        if self._deaf:
            self._ignored += len(data)
            if self._ignored > _MOST_IGNORED:
                self.transport.abort()
        elif self._rest:
            self._hold(self._rest[self._rest_at :] + data, 0)
        elif data.find(_END) + len(_END) == len(data) and not self.pipeline:
            self._feed(data)
        else:
            self._feed_in_turn(data)

    # --- what the parser calls ---

    def on_headers_complete(self) -> None:
        """The head is whole."""
        size = self._fed - len(self.url)
        if self._after_body:
            size = sum(len(name) + len(value) for name, value in self.headers)
            self._after_body = False
        if len(self.headers) > self._most_headers or size > self._most_header_bytes:
            raise HeadersTooLarge
        hosts = [value for name, value in self.headers if name == b"host"]
        if not is_one_host(hosts) and (hosts or self.parser.get_http_version() != "1.0"):
            raise BadRequest("The request needs one Host header, with the name of a host.")
        super().on_headers_complete()
        self._fed = 0
        self._in_head = False
        self.headers = []  # what comes in trailers after the body is none of the request's headers

    def on_body(self, body: bytes) -> None:
        """A part of the body has come."""
        if len(self.cycle.body) + len(body) > MAX_BODY_BYTES:
            raise ContentTooLarge(_LARGE_BODY)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._fed = 0
        self._in_head = True
        self.deadline = math.inf
        if self.cycle.response_complete:
            self._idle()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer has been given: it is the turn of the next request. As uvicorn's, without a timer for each."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self._rest:
            self._guard.take_turn(self)
        else:
            self._go_on()

    # --- what `Connections` calls ---

    def next_turn(self) -> None:
        """Go on with the requests that were sent ahead."""
        if not self.transport.is_closing():
            self._go_on()

    def look(self, now: float) -> None:
        """End the connection if the client has taken too long: to send, or to read what waits for it."""
        if self.uptake.look(self.transport, now) > self._guard.settings.send_timeout_seconds:
            self._guard.refused("stalled")
            self.transport.abort()
            return
        if now < self.deadline:
            return
        self.deadline = math.inf
        if self._deaf:
            self.transport.abort()
        elif self._fed or not self._in_head:
            what = "head" if self._in_head else "body"
            self._refuse(RequestTimedOut(f"The {what} of the request did not come in time."), "slow")
        else:
            self.transport.close()

    # ---

    def _go_on(self) -> None:
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._in_head and not self._fed:
            self._idle()
        if self._rest:
            rest, self._rest = self._rest, b""
            self.flow.held = False
            self._feed_in_turn(rest, self._rest_at)
        self.flow.resume_reading()

    def _idle(self) -> None:
        self._guard.put_last(self)
        self.waits_since = self.loop.time()
        self.deadline = self.waits_since + self._guard.settings.keep_alive_seconds

    def _feed_in_turn(self, data: bytes, start: int = 0) -> None:
        """Feed the parser one head after the other, as long as the requests before it are answered."""
        while start < len(data) and not self._deaf:
            if self.pipeline:
                self._hold(data, start)
                return
            end = data.find(_END, start) + len(_END)
            end = len(data) if end < len(_END) else end
            self._feed(data[start:end])
            start = end

    def _hold(self, data: bytes, start: int) -> None:
        if len(data) - start > _MOST_REST:
            self._end_after_answers()
            return
        self._rest, self._rest_at = data, start
        self.flow.held = True
        self.flow.pause_reading()

    def _feed(self, data: bytes) -> None:
        was_in_head, begins = self._in_head, not self._fed
        self._after_body |= not was_in_head
        self._fed += len(data)
        if was_in_head and self._fed > self._most_head:
            self._refuse(too_large_head(self.url, data, self._fed, self._guard.settings.max_url_bytes), "size")
            return
        if not was_in_head and self._fed > _MOST_BODY:
            self._refuse(ContentTooLarge(_LARGE_BODY), "size")
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end_after_answers()  # what follows may be in the other protocol
        except httptools.HttpParserError as error:
            cause = error.__context__
            problem = cause if isinstance(cause, Problem) else BadRequest("The request is not well-formed HTTP/1.1.")
            self._refuse(problem, "malformed" if isinstance(problem, BadRequest) else "size")
        if not self._in_head:
            if was_in_head:
                self.deadline = self.loop.time() + self._guard.settings.body_timeout_seconds
        elif begins and self._fed and not self._deaf:
            self.deadline = self.loop.time() + self._guard.settings.head_timeout_seconds

    def _end_after_answers(self) -> None:
        """Answer what has been asked, close, and ignore what comes until then."""
        self._deaf = True
        self._rest = b""
        self.deadline = math.inf
        self.cycle.keep_alive = False

    def _refuse(self, problem: Problem, reason: Reason) -> None:
        """Answer, after the requests that came before, and close."""
        self._guard.refused(reason)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if self._in_head or cycle.response_started or self.pipeline:
                self._end_after_answers()  # answers come in the order of requests, so this one has none
                return
            cycle.disconnected = True  # the request is not answered otherwise
            cycle.message_event.set()
        self._deaf = True
        if cycle is None or self._in_head or cycle.disconnected:
            self._answer(problem)
        # The client may read the answer before it notices that nothing more is taken: closing at once would reset
        # the connection, because there are bytes that were not read.
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.deadline = self.loop.time() + _LINGER
        else:
            self.transport.close()

    def _answer(self, problem: Problem) -> None:
        self.transport.write(refusal(problem, self.server_state.default_headers))

"""GET /api/get_similar_accounts: the similar pairs of a hashtag, answered outside of FastAPI for its speed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any, Final, Self, TypeVar

from starlette.types import Message, Receive, Scope, Send

from lookalike.errors import SnapshotError
from serving.lookup.answers import Answer, AnswerMaker, Streamed
from serving.lookup.negotiation import Coding, Piece, choose_coding, is_known
from serving.lookup.question import parse_question
from serving.lookup.unsent import Unsent
from serving.problems.documents import send_problem
from serving.problems.kinds import DamagedSnapshot, InternalError, MethodNotAllowed, Problem
from serving.snapshots.holder import Served
from serving.state import State

PATH: Final = "/api/get_similar_accounts"

_SEND_AT_ONCE: Final = 1 << 18  # bytes; then other requests may run
_LONGEST_HEADER: Final = 1024  # bytes of Accept-Encoding that are looked at

_NO_BODY: Final[Message] = {"type": "http.response.body", "body": b""}

Result = TypeVar("Result")
_log = logging.getLogger("serving")


class Lookup:
    """The ASGI application of this one path."""

    def __init__(self, state: State) -> None:
        """Nothing is read before the first request."""
        self._state = state
        self._maker = AnswerMaker(state)
        self._unsent = Unsent(state.settings.unsent_bytes, state.metrics)
        state.holder.prepare = self._maker.prepare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        noted = scope.setdefault("state", {})
        noted["route"] = PATH
        try:
            served = self._state.holder.served or self._state.served()
            noted["snapshot"] = served.id
            accept = if_none_match = b""
            for name, value in scope["headers"]:
                if name == b"accept-encoding":
                    accept = accept + b"," + value if accept else value
                elif name == b"if-none-match":
                    if_none_match = if_none_match + b"," + value if if_none_match else value
            coding = choose_coding(accept[:_LONGEST_HEADER])
            if scope["method"] == "GET" and not if_none_match:
                answer: Answer | None = served.cache.get((scope["query_string"], coding))
                if answer is not None:
                    self._state.metrics.cache(True)
                    await send(dict(answer.start))  # CORSMiddleware changes it, and it is kept
                    await send(answer.body)
                    return
            await self._answer(served, coding, if_none_match, scope, receive, send)
        except Problem as problem:
            await send_problem(scope, send, problem)
        except SnapshotError as error:
            _log.error("a look-up failed: %s", error)
            self._state.holder.report_damage(error)
            await send_problem(scope, send, DamagedSnapshot())
        except Exception:
            _log.exception("a look-up failed")
            await send_problem(scope, send, InternalError())

    async def _answer(
        self, served: Served, coding: Coding, if_none_match: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        method = scope["method"]
        if method not in ("GET", "HEAD"):
            raise MethodNotAllowed("This path has no such method.", headers=[("allow", "GET, HEAD")])
        query: bytes = scope["query_string"]
        question = parse_question(query, self._state.settings.max_parameter_bytes)
        if if_none_match:
            known = is_known(if_none_match, served.etag, coding)
            if known is not None:
                headers = [(b"etag", known.encode()), (b"vary", b"accept-encoding"), (b"cache-control", b"no-cache")]
                await send({"type": "http.response.start", "status": 304, "headers": headers})
                await send(_NO_BODY)
                return
        async with _Listener(receive) as listener:
            answer = await listener.unless_gone(self._maker.answer(served, query, question, coding))
            if answer is None:
                return
            if isinstance(answer, Streamed):
                with self._unsent.keeping(answer.kept):
                    await self._stream(answer, method == "HEAD", listener, send)
                return
        if method == "HEAD" or answer.kept is None:
            await send(dict(answer.start))
            await send(_NO_BODY if method == "HEAD" else answer.body)
            return
        with self._unsent.keeping(answer.kept):
            await send(dict(answer.start))
            for part in answer.parts:
                await _send_slowly(send, part)
            await send(answer.body)

    async def _stream(self, answer: Streamed, head: bool, listener: _Listener, send: Send) -> None:
        """Send pieces as they are made, the next one being made while one is sent.

        A failure before the first piece is raised. After it the answer is cut: it ends
        without its last chunk, which HTTP clients report as an error.
        """
        loop = asyncio.get_running_loop()
        pieces = answer.pieces()
        piece = await loop.run_in_executor(self._state.executor, _next, pieces)
        await send(dict(answer.start))
        if head:
            await send(_NO_BODY)
            return
        try:
            while piece is not None and not listener.gone:
                following = loop.run_in_executor(self._state.executor, _next, pieces)
                try:
                    await _send_slowly(send, piece)
                finally:
                    piece = await following
            if piece is None:
                await send(_NO_BODY)
        except OSError:
            pass  # some servers raise it when the client has disconnected
        except SnapshotError as error:
            _log.error("an answer was cut short: %s", error)
            self._state.holder.report_damage(error)
        except Exception:
            _log.exception("an answer was cut short")


class _Listener:
    """Notices when the client disconnects, inside a `with` block."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def __aenter__(self) -> Self:
        self._leaving = asyncio.ensure_future(self._leave())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._leaving.cancel()

    @property
    def gone(self) -> bool:
        """Whether the client has disconnected."""
        return self._leaving.done()

    async def unless_gone(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """The result of some work; None, the work broken off, if the client goes away before it is done."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait((task, self._leaving), return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()

    async def _leave(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _send_slowly(send: Send, part: Piece) -> None:
    """Send a part of a body in slices, so that other requests run between them."""
    view = memoryview(part)  # its slices are no copies
    for start in range(0, len(view), _SEND_AT_ONCE):
        await send({"type": "http.response.body", "body": view[start : start + _SEND_AT_ONCE], "more_body": True})
        await asyncio.sleep(0)


def _next(pieces: Iterator[Piece]) -> Piece | None:
    return next(pieces, None)

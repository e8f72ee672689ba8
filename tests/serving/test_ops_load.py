"""Requests at once, and time for each; a slow answer is not a dead one."""

import asyncio
import contextlib
import time

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.middleware.load import Load
from serving.ops.metrics import Metrics
from tests.serving.opscall import Observed, ask, scope_of


class Clock:
    """The clock of the layer and of the loop's timers: it goes on only when a test says so."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def __call__(self) -> float:
        return self._seconds

    async def pass_by(self, seconds: float) -> None:
        """Let so much time go by, in steps in each of which every timer that is due is run."""
        for _ in range(round(seconds / 0.1)):
            self._seconds += 0.1
            for _ in range(3):
                await asyncio.sleep(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def loaded(app: ASGIApp, *, requests: int = 10, seconds: float = 30.0) -> Observed:
    metrics = Metrics()
    return Observed(Load(app, requests=requests, seconds=seconds, metrics=metrics), metrics=metrics)


async def respond(send: Send, *parts: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def test_beyond_the_bound_requests_are_refused_at_once_and_those_under_way_finish() -> None:
    async def scenario() -> None:
        go = asyncio.Event()

        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            await go.wait()
            await respond(send, b"done")

        observed = loaded(app, requests=2)
        under_way = [asyncio.create_task(ask(observed.app, scope_of())) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await ask(observed.app, scope_of())
        assert refused.status == 503
        assert refused.header("retry-after") == "1"
        assert refused.problem["type"] == "urn:lookalike:problem:overloaded"
        assert observed.counted('lookalike_http_requests_refused_total{reason="concurrency"}') == 1
        go.set()
        assert [answer.body for answer in await asyncio.gather(*under_way)] == [b"done", b"done"]
        assert (await ask(observed.app, scope_of())).status == 200

    asyncio.run(scenario())


def test_a_place_is_free_again_however_a_request_ends() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, _receive: Receive, send: Send) -> None:
            if scope["path"] == "/fail":
                raise RuntimeError
            if scope["path"] == "/hang":
                await asyncio.Event().wait()
            await respond(send)

        observed = loaded(app, requests=1)
        assert (await ask(observed.app, scope_of("/fail"))).status == 500
        gone = asyncio.create_task(ask(observed.app, scope_of("/hang")))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert (await ask(observed.app, scope_of())).status == 200

    asyncio.run(scenario())


@pytest.mark.parametrize("stubborn", [False, True])
def test_an_answer_that_does_not_begin_in_time_is_given_up(stubborn: bool) -> None:
    async def scenario() -> None:
        cleaned = asyncio.Event()

        async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
            with contextlib.suppress(asyncio.CancelledError) if stubborn else contextlib.nullcontext():
                try:
                    await asyncio.Event().wait()
                finally:
                    cleaned.set()

        observed = loaded(app, seconds=0.02)
        answer = await ask(observed.app, scope_of())
        assert answer.status == 504
        assert answer.problem["detail"] == "There was no answer within 0.02 seconds."
        assert cleaned.is_set()
        assert observed.last["event.reason"] == "timed out"
        assert observed.counted('lookalike_http_requests_refused_total{reason="timeout"}') == 1
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(scenario())


def test_a_long_answer_whose_parts_keep_coming_is_not_cut(clock: Clock) -> None:
    async def scenario() -> None:
        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            await respond(send, *[b"x"] * 20)

        async def slow(_message: Message) -> None:
            await clock.pass_by(1.5)

        observed = loaded(app, seconds=2.0)
        answer = await ask(observed.app, scope_of(), slow)
        assert (answer.status, answer.body) == (200, b"x" * 20)
        assert observed.last["event.duration"] > 30e9
        assert "event.reason" not in observed.last

    asyncio.run(scenario())


def test_an_answer_that_stands_still_is_given_up(clock: Clock) -> None:
    async def scenario() -> None:
        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            await respond(send, b"x", b"never taken")

        async def stuck(message: Message) -> None:
            if message.get("body") == b"never taken":
                await clock.pass_by(3600)

        observed = loaded(app, seconds=2.0)
        await ask(observed.app, scope_of(), stuck)
        assert observed.last["http.response.status_code"] == 200
        assert observed.last["event.reason"] == "stalled"
        assert 2e9 < observed.last["event.duration"] < 3e9
        assert observed.counted('lookalike_http_requests_refused_total{reason="stalled"}') == 1

    asyncio.run(scenario())


def test_what_goes_on_after_the_answer_is_complete_is_left_alone(clock: Clock) -> None:
    async def scenario() -> None:
        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            await respond(send)
            await clock.pass_by(10)
            ended.set()

        ended = asyncio.Event()
        assert (await ask(loaded(app, seconds=2.0).app, scope_of())).status == 200
        assert ended.is_set()

    asyncio.run(scenario())


def test_a_server_that_ends_a_request_is_not_mistaken_for_a_time_out() -> None:
    async def scenario() -> None:
        async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
            await asyncio.Event().wait()

        task = asyncio.create_task(ask(loaded(app).app, scope_of()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())

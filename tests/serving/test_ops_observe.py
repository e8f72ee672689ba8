"""What every request gets: an id, a trace, a line, a count, headers; and what an unexpected error becomes."""

import asyncio
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from serving.middleware.observe import trace_of
from tests.serving.opscall import Observed, ask, call, hello, scope_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_a_well_formed_request_id_is_kept_and_given_back() -> None:
    observed = Observed(hello)
    answer = call(observed.app, headers=[("X-Request-Id", "job-7.a_B")])
    assert answer.header("x-request-id") == "job-7.a_B"
    assert observed.last["http.request.id"] == "job-7.a_B"


@pytest.mark.parametrize("given_id", ["", "a b", "a\tb", "x" * 129, 'a"b', "é", "a\x1b[31m"])
def test_an_id_that_is_not_well_formed_is_replaced(given_id: str) -> None:
    answer = call(Observed(hello).app, headers=[("X-Request-Id", given_id)])
    made = answer.header("x-request-id")
    assert made is not None
    assert len(made) == 32
    assert set(made) <= set("0123456789abcdef")


def test_ids_that_are_made_differ() -> None:
    observed = Observed(hello)
    made = {call(observed.app).header("x-request-id") for _ in range(100)}
    assert len(made) == 100


def test_the_trace_is_the_callers_or_else_the_request_id() -> None:
    observed = Observed(hello)
    call(observed.app, headers=[("traceparent", PARENT)])
    assert observed.last["trace.id"] == TRACE
    call(observed.app, headers=[("traceparent", PARENT.replace("-01", "-0x")), ("X-Request-Id", "mine")])
    assert observed.last["trace.id"] == "mine"


@pytest.mark.parametrize(
    ("parent", "trace"),
    [
        (PARENT, TRACE),
        ("cc" + PARENT[2:] + "-what-may-come", TRACE),
        (PARENT + "-more", None),
        ("ff" + PARENT[2:], None),
        (PARENT.upper(), None),
        (PARENT.replace(TRACE, "0" * 32), None),
        (PARENT.replace("00f067aa0ba902b7", "0" * 16), None),
        (PARENT[:-1], None),
        (PARENT.replace("-", "_"), None),
        ("", None),
    ],
)
def test_a_traceparent_is_read_as_w3c_trace_context_says(parent: str, trace: str | None) -> None:
    assert trace_of(parent.encode()) == trace


def test_the_line_has_ecs_fields() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["snapshot"] = "20261123T150102Z-1a2b3c"
        await hello(scope, receive, send)

    observed = Observed(app)
    call(observed.app, "/livez?a=1", headers=[("User-Agent", "curl/8")])
    line = observed.last
    assert line.pop("@timestamp").endswith("Z")
    assert line.pop("event.duration") > 0
    assert line.pop("http.request.id") == line.pop("trace.id")
    assert line == {
        "log.level": "info",
        "message": "GET /livez 200",
        "ecs.version": "8.17.0",
        "event.dataset": "lookalike.access",
        "http.request.method": "GET",
        "url.path": "/livez",
        "url.query": "a=1",
        "http.response.status_code": 200,
        "http.response.body.bytes": 5,
        "client.address": "192.0.2.1",
        "user_agent.original": "curl/8",
        "labels.route": "/livez",
        "labels.snapshot": "20261123T150102Z-1a2b3c",
    }


@given(
    path=st.text(max_size=700),
    query=st.text(st.characters(max_codepoint=255), max_size=700),
    agent=st.text(st.characters(max_codepoint=255), max_size=300),
    client=st.text(max_size=200),
    as_json=st.booleans(),
)
def test_no_request_can_forge_or_swell_a_line(path: str, query: str, agent: str, client: str, as_json: bool) -> None:
    observed = Observed(hello, as_json=as_json)
    scope = scope_of(path=path, headers=[("User-Agent", agent)], client=client)
    scope["query_string"] = query.encode("latin-1")
    asyncio.run(ask(observed.app, scope))
    (line,) = observed.lines
    assert line.endswith("\n")
    assert line[:-1].isascii()
    assert line[:-1].isprintable()
    assert len(line) < 20_000
    if as_json:
        assert observed.last["url.path"] == path[:512]
        assert observed.last["url.query"] == query[:512]


def test_a_request_is_counted_under_its_route() -> None:
    observed = Observed(hello)
    call(observed.app)
    call(observed.app, method="BREW")
    series = "lookalike_http_requests_total"
    assert observed.counted(f'{series}{{method="GET",route="/livez",status="200"}}') == 1
    assert observed.counted(f'{series}{{method="other",route="/livez",status="200"}}') == 1
    assert observed.counted('lookalike_http_request_duration_seconds_count{route="/livez"}') == 2
    assert observed.counted("lookalike_http_requests_in_flight") == 0


def test_every_answer_is_completed_with_the_same_headers() -> None:
    answer = call(Observed(hello).app)
    assert answer.header("content-type") == "text/plain"
    assert answer.header("content-security-policy") == "default-src 'none'; frame-ancestors 'none'"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("server") is None


def test_an_application_may_send_the_same_message_again_and_again() -> None:
    head: Message = {"type": "http.response.start", "status": 200, "headers": ((b"a", b"b"),)}

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(head)
        await send({"type": "http.response.body", "body": b""})

    observed = Observed(app)
    assert len(call(observed.app).raw_headers) == len(call(observed.app).raw_headers)
    assert head == {"type": "http.response.start", "status": 200, "headers": ((b"a", b"b"),)}


def test_an_unexpected_error_is_logged_and_its_text_stays_here(caplog: pytest.LogCaptureFixture) -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("the password is swordfish")

    observed = Observed(app)
    with caplog.at_level(logging.ERROR, "serving"):
        answer = call(observed.app)
    assert answer.status == 500
    assert answer.problem["type"] == "urn:lookalike:problem:internal-error"
    assert b"swordfish" not in answer.body
    assert observed.last["http.response.status_code"] == 500
    assert observed.last["log.level"] == "error"
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "swordfish" in str(record.exc_info[1])
    assert record.__dict__["request_id"] == answer.header("x-request-id")


def test_an_error_that_was_answered_already_is_not_answered_again(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await hello(scope, receive, send)
        raise RuntimeError("raised again, as Starlette does")

    assert call(Observed(app).app).body == b"hello"
    assert not caplog.records


def test_an_answer_that_breaks_off_stays_broken_off(caplog: pytest.LogCaptureFixture) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError

    observed = Observed(app)
    with caplog.at_level(logging.ERROR, "serving"):
        answer = call(observed.app)
    assert (answer.status, answer.body) == (200, b"half")
    assert observed.last["event.reason"] == "unexpected error"
    assert len(caplog.records) == 1


def test_a_client_that_left_before_the_answer_is_noted() -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        return

    observed = Observed(app)
    call(observed.app)
    assert observed.last["http.response.status_code"] == 499


def test_websockets_are_turned_away() -> None:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        raise AssertionError

    asyncio.run(Observed(hello).app({"type": "websocket", "path": "/"}, receive, send))
    assert messages == [{"type": "websocket.close", "code": 1000}]


def test_a_line_is_the_same_whether_its_pieces_are_kept_or_new() -> None:
    observed = Observed(hello)
    for _ in range(2):
        call(observed.app, "/same", headers=[("User-Agent", "one")])
    call(observed.app, "/same", headers=[("User-Agent", "two")])
    first, second, third = (json.loads(line) for line in observed.lines)
    assert first["user_agent.original"] == second["user_agent.original"] == "one"
    assert third["user_agent.original"] == "two"

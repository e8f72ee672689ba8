"""How long a client may keep a connection, and how many of them."""

import itertools
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from serving.ops.connections import Connections
from serving.ops.metrics import Metrics
from serving.ops.protocol import BoundedProtocol
from serving.settings import Settings

from .rawclient import BoundedServer, answers, get, until_closed
from .running import eventually

Start = Callable[..., BoundedServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Servers on which nothing but what a test sets has a short time."""
    with ExitStack() as stack:

        def start(**settings: Any) -> BoundedServer:
            times: dict[str, Any] = {
                "head_timeout_seconds": 600,
                "body_timeout_seconds": 600,
                "keep_alive_seconds": 600,
            }
            return stack.enter_context(BoundedServer(tmp_path, **times | settings))

        yield start


def test_a_head_that_is_half_sent_is_given_up(start: Start) -> None:
    server = start(head_timeout_seconds=0.2)
    assert [status for status, _ in server.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n")] == [408]
    assert server.exchange(b"") == []  # nothing to answer
    with server.client(get()) as connection:
        connection.recv(1000)
        connection.sendall(b"GET / HT")
        assert [status for status, _ in answers(until_closed(connection))] == [408]
    assert server.refused("slow") == 2
    eventually(lambda: len(server.connections), lambda count: count == 0)


def test_a_head_that_comes_byte_by_byte_has_no_more_time(start: Start) -> None:
    server = start(head_timeout_seconds=0.3)
    with server.client() as connection:
        connection.settimeout(0.02)
        received = b""
        for _ in range(100_000):  # one at a time for half an hour
            connection.send(b"G")
            try:
                received = connection.recv(1000)
                break
            except TimeoutError:
                continue
    assert received.startswith((b"HTTP/1.1 400", b"HTTP/1.1 408"))


@pytest.mark.parametrize("headers", ["Content-Length: 100", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("path", ["/hello", "/read"])
def test_a_body_that_does_not_come_is_given_up(start: Start, headers: str, path: str) -> None:
    server = start(body_timeout_seconds=0.2)
    found = [status for status, _ in server.exchange(get(path, headers) + b"5\r\n")]
    assert found == [200 if path == "/hello" else 408]
    assert server.refused("slow") == 1


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(start: Start) -> None:
    server = start(keep_alive_seconds=0.2, head_timeout_seconds=0.2, body_timeout_seconds=0.2)
    assert [status for status, _ in server.exchange(get("/hello"))] == [200]
    with server.client(get("/slow")) as connection:
        for _ in range(3):
            server.exchange(b"")  # each takes the time of a head
        assert len(server.connections) == 1
        server.answer.set()
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_client_that_closes_or_half_closes_leaves_nothing_behind(start: Start) -> None:
    server = start()
    with ExitStack() as stack:
        for sent in (b"", b"GET / HT", get("/slow"), get("/hello"), get("/read", "Content-Length: 9")):
            stack.enter_context(server.client(sent)).shutdown(socket.SHUT_WR)
        eventually(lambda: len(server.connections), lambda count: count == 0)
    assert server.ask() == 200


def test_a_client_that_never_reads_loses_its_connection_whatever_it_asked_for(start: Start) -> None:
    server = start(send_timeout_seconds=0.3)
    with not_reading(server, get("/livez") * 1000 + get("/big") * 10):
        eventually(lambda: server.asked)
        eventually(lambda: len(server.connections), lambda count: count == 0)
    assert server.refused("stalled") == 1


def test_a_client_that_reads_a_little_now_and_then_keeps_its_connection(start: Start) -> None:
    server = start(send_timeout_seconds=1.0)
    with not_reading(server, get("/big") * 10) as client:
        for _ in range(6):
            time.sleep(0.5)
            assert client.recv(1 << 16)
        assert len(server.connections) == 1


def test_connections_that_read_nothing_keep_nobody_out(start: Start) -> None:
    server = start(send_timeout_seconds=3.0, max_connections_per_address=2)
    with not_reading(server, get("/big") * 10), not_reading(server, get("/big") * 10):
        eventually(lambda: len(server.connections), lambda count: count == 2)
        eventually(lambda: server.asked)
        assert eventually(server.ask, lambda status: status != 503) == 200
        assert server.refused("stalled") == 0


@contextmanager
def not_reading(server: BoundedServer, sent: bytes) -> Iterator[socket.socket]:
    """A connection that asks and leaves the answers where they are; little fits between the two sides."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.sendall(sent)
        yield client


def test_many_connections_that_send_nothing_keep_nobody_out(start: Start) -> None:
    server = start(max_connections_per_address=20)
    with ExitStack() as stack:
        for number in range(100):
            stack.enter_context(server.client(b"GET / HTTP/1.1\r\n" if number % 2 else b""))
        assert server.ask() == 200
        assert len(server.connections) <= 20
    assert server.refused("connections") >= 80


def test_the_one_that_has_waited_longest_makes_room(start: Start) -> None:
    server = start(max_connections_per_address=3)
    with server.client() as first, server.client(get("/slow")) as busy, server.client() as third:
        eventually(lambda: "/slow" in server.asked)
        eventually(lambda: len(server.connections), lambda count: count == 3)
        with server.client(get("/hello")) as fourth:
            assert fourth.recv(1000).startswith(b"HTTP/1.1 200")
            assert until_closed(first) == b""
            third.sendall(get("/hello"))
            assert third.recv(1000).startswith(b"HTTP/1.1 200")
            server.answer.set()
            assert busy.recv(1000).startswith(b"HTTP/1.1 200")


def test_where_all_are_busy_one_more_is_answered_503_at_once(start: Start) -> None:
    server = start(max_connections_per_address=2)
    with server.client(get("/slow")), server.client(get("/slow")):
        eventually(lambda: server.asked, lambda asked: len(asked) == 2)
        ((status, body),) = server.exchange(b"")
        assert (status, b"too many connections" in body) == (503, True)
        with server.client(get("/hello", "Connection: close"), address="127.0.0.2") as other:
            assert [status for status, _ in answers(until_closed(other))] == [200]


def test_connections_are_bounded_in_all_and_the_client_with_most_gives_way(start: Start) -> None:
    server = start(max_connections=6)
    with ExitStack() as stack:
        quiet = stack.enter_context(server.client(address="127.0.0.2"))
        for _ in range(20):
            stack.enter_context(server.client())
        for number in range(3, 6):
            stack.enter_context(server.client(address=f"127.0.0.{number}"))
        assert server.ask() == 200
        assert len(server.connections) <= 6
        quiet.sendall(get("/hello", "Connection: close"))
        assert [status for status, _ in answers(until_closed(quiet))] == [200]


def test_no_more_connections_are_taken_than_files_may_be_open(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (106, 1 << 20))
    server = start()
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(server.client())
        assert server.ask() == 200
        assert len(server.connections) <= 6
    assert server.refused("connections") >= 15
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "max_connections is 512, but this process may open 106 files (ulimit -n): it takes 6 connections"
    ]


def test_a_trusted_proxy_has_no_share_of_its_own(start: Start) -> None:
    server = start(max_connections_per_address=2, trusted_proxies=("127.0.0.1",))
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(server.client(get("/slow")))
        eventually(lambda: server.asked, lambda asked: len(asked) == 10)
        assert server.ask() == 200


def test_connections_with_requests_sent_ahead_go_on_one_at_a_time_and_in_turn(tmp_path: Path) -> None:
    guard = Connections(Settings(output=tmp_path), Metrics())
    later: list[Callable[[], None]] = []
    went_on: list[str] = []

    class Ahead:
        """Instead of a connection: with so many requests that were sent ahead, each answered at once."""

        def __init__(self, name: str, requests: int) -> None:
            self.name, self.requests, self.loop = name, requests, self

        def call_soon(self, call: Callable[..., None], *arguments: object) -> None:
            later.append(partial(call, *arguments))

        def next_turn(self) -> None:
            went_on.append(self.name)
            self.requests -= 1
            if self.requests:
                guard.take_turn(cast(BoundedProtocol, self))

    for name, requests in (("a", 3), ("b", 1), ("c", 2)):
        guard.take_turn(cast(BoundedProtocol, Ahead(name, requests)))
    assert len(later) == 1
    for looks in itertools.count(1):
        later.pop(0)()
        assert len(went_on) == looks
        assert len(later) == (looks < 6)
        if not later:
            break
    assert "".join(went_on) == "abcaca"


def test_many_clients_that_send_ahead_are_all_answered(start: Start) -> None:
    server = start()
    with ExitStack() as stack:
        sent = get("/hello") * 200 + get("/last", "Connection: close")
        clients = [stack.enter_context(server.client(sent)) for _ in range(20)]
        for client in clients:
            found = answers(until_closed(client))
            assert [body.split()[0] for _, body in found] == [b"/hello"] * 200 + [b"/last"]


def test_a_connection_that_was_answered_makes_room_after_those_that_waited_longer(start: Start) -> None:
    server = start(max_connections_per_address=2)
    with server.client() as first, server.client() as second:
        eventually(lambda: len(server.connections), lambda count: count == 2)
        first.sendall(get("/hello"))
        assert first.recv(1000).startswith(b"HTTP/1.1 200")
        with server.client(get("/hello")) as third:
            assert third.recv(1000).startswith(b"HTTP/1.1 200")
            assert until_closed(second) == b""
            first.sendall(get("/hello"))
            assert first.recv(1000).startswith(b"HTTP/1.1 200")

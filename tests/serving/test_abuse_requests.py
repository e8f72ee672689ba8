"""What a client may send before anyone looks at its key: bytes and headers of a request, and what comes after it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Published
from .rawclient import BoundedServer, answers, get, until_closed
from .running import PATH, eventually, service_process


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoundedServer]:
    folder = tmp_path_factory.mktemp("nowhere")
    times: dict[str, Any] = {"head_timeout_seconds": 600, "body_timeout_seconds": 600, "keep_alive_seconds": 600}
    with BoundedServer(folder, max_url_bytes=1000, max_header_bytes=4000, max_headers=20, **times) as server:
        yield server


def test_a_request_within_the_bounds_is_answered(server: BoundedServer) -> None:
    many = [f"X-{number}: {'v' * 150}" for number in range(18)]
    assert server.exchange(get("/" + "u" * 900, "Connection: close", *many))[0][0] == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (get("/", *(f"X-{number}: v" for number in range(20))), 431),
        (get("/", "X: " + "v" * 4000), 431),
        (get("/", *(f"X-{number}: {'v' * 400}" for number in range(11))), 431),
        (b"GET / HTTP/1.1\r\nX: " + b"v" * 100_000, 431),  # without an end
        (b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 50_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"n" * 100_000, 431),
        (get("/" + "u" * 3000, "Connection: close"), 414),
        (get("/" + "u" * 100_000), 414),
        (b"GET /" + b"u" * 100_000, 414),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400),
        (b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
        (get("/livez?" + "u" * 3000, "Connection: close"), 414),
        (b"\r\n" * 40_000, 431),  # the parser passes over line ends before a request
    ],
)
def test_a_request_beyond_a_bound_is_refused_with_a_problem_and_the_connection_closed(
    server: BoundedServer, sent: bytes, status: int
) -> None:
    before = len(server.asked)
    ((answered, body),) = server.exchange(sent)
    problem = json.loads(body)
    assert (answered, problem["status"]) == (status, status)
    assert len(server.asked) == before or status == 414


@pytest.mark.parametrize("head", ["GET / HTTP/1.0", "GET / HTTP/1.0\r\nHost: x", "GET / HTTP/1.1\r\nHost: [::1]:80"])
def test_a_request_with_the_hosts_that_its_version_needs_is_answered(server: BoundedServer, head: str) -> None:
    ((status, _),) = server.exchange(f"{head}\r\nConnection: close\r\n\r\n".encode())
    assert status == 200


def test_an_endless_head_in_small_pieces_is_refused_at_the_bound(server: BoundedServer) -> None:
    with server.client(b"GET / HTTP/1.1\r\n") as connection:
        sent = 0
        while not (received := _ready(connection)):
            sent += connection.send(b"X-%d: %s\r\n" % (sent, b"v" * 50))
        assert sent < 1 << 20
    assert received.startswith(b"HTTP/1.1 431 ")


def _ready(connection) -> bytes:  # type: ignore[no-untyped-def]
    connection.setblocking(False)
    try:
        return connection.recv(1 << 16)
    except BlockingIOError:
        return b""
    finally:
        connection.setblocking(True)


def test_bytes_after_a_refusal_are_ignored_and_the_answer_still_arrives(server: BoundedServer) -> None:
    with server.client(b"GET / HTTP/1.1\r\nX: " + b"v" * 10_000) as connection:
        connection.sendall(b"v" * 500_000)
        connection.sendall(b"\r\n\r\n" + get("/after"))
        ((status, _),) = answers(until_closed(connection))
    assert status == 431
    assert "/after" not in server.asked


@pytest.mark.parametrize("count", [2, 17, 500])
def test_pipelined_requests_are_all_answered_in_their_order(server: BoundedServer, count: int) -> None:
    paths = [f"/{number}" for number in range(count)]
    sent = b"".join(map(get, paths[:-1])) + get(paths[-1], "Connection: close")
    assert [body.split()[0].decode() for _, body in server.exchange(sent)] == paths


def test_no_more_than_two_pipelined_requests_are_kept_as_more_than_bytes(server: BoundedServer) -> None:
    server.answer.clear()
    with server.client(get("/slow") + get("/read") * 1000 + get("/last", "Connection: close")) as connection:
        eventually(lambda: "/slow" in server.asked)
        (own,) = server.connections._by_client.values()
        (protocol,) = [each for each in own if not each.waits]
        assert len(protocol.pipeline) == 1
        assert len(protocol._rest) > 0
        server.answer.set()
        assert [status for status, _ in answers(until_closed(connection))] == [200] * 1002


def test_what_is_wrong_after_a_good_request_does_not_come_before_its_answer(server: BoundedServer) -> None:
    server.answer.clear()
    with server.client(get("/slow") + b"NONSENSE\r\n\r\n" + get("/never")) as connection:
        eventually(lambda: "/slow" in server.asked[-1:])
        server.answer.set()
        ((status, body),) = answers(until_closed(connection))
    assert (status, body.split()[0]) == (200, b"/slow")
    assert "/never" not in server.asked


@pytest.mark.parametrize("upgrade", ["websocket", "h2c", "other"])
def test_an_upgrade_is_not_done_and_what_follows_it_is_ignored(server: BoundedServer, upgrade: str) -> None:
    head = get("/up", "Connection: Upgrade", f"Upgrade: {upgrade}", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    ((status, body),) = server.exchange(head + get("/smuggled"))
    assert (status, body.split()[0]) == (200, b"/up")
    assert "/smuggled" not in server.asked


def test_a_small_body_is_passed_over(server: BoundedServer) -> None:
    length = get("/a", "Content-Length: 11") + b"hello\r\n\r\n!!"
    chunked = get("/b", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n"
    done = get("/c", "Connection: close")
    found = server.exchange(length + chunked + done)
    assert [body.split()[0] for _, body in found] == [b"/a", b"/b", b"/c"]


@pytest.mark.parametrize(
    "before",
    [get("/a", "Content-Length: 1") + b"x", get("/a", "Transfer-Encoding: chunked") + b"1\r\nx\r\n0\r\n\r\n"],
    ids=["length", "chunked"],
)
def test_a_head_that_comes_with_the_end_of_a_body_has_the_same_bounds(server: BoundedServer, before: bytes) -> None:
    found = server.exchange(before + get("/beyond", "Connection: close", *(f"X-{n}: {'v' * 400}" for n in range(11))))
    assert found[0][0] == 200
    assert "/beyond" not in server.asked


def test_a_large_body_is_refused(server: BoundedServer) -> None:
    ((status, _),) = server.exchange(get("/a", "Content-Length: 65537") + b"x" * 1000)
    assert status == 413


@pytest.mark.parametrize("piece", [b"8000\r\n" + b"x" * 0x8000 + b"\r\n", b"1;" + b"x" * 1000 + b"\r\nx\r\n"])
def test_an_endless_chunked_body_is_refused(server: BoundedServer, piece: bytes) -> None:
    ((status, _),) = server.exchange(get("/read", "Transfer-Encoding: chunked") + piece * 200)
    assert status == 413


def test_endless_trailers_are_refused_and_are_none_of_the_headers(server: BoundedServer) -> None:
    sent = get("/read", "Transfer-Encoding: chunked") + b"1\r\nx\r\n0\r\n" + b"X-Trailer: v\r\n" * 20_000
    ((status, _),) = server.exchange(sent)
    assert status == 413


def test_a_client_that_waits_for_100_continue_gets_it_when_its_body_is_read(server: BoundedServer) -> None:
    head = get("/read", "Content-Length: 5", "Expect: 100-continue", "Connection: close")
    with server.client(head) as connection:
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        ((status, _),) = answers(until_closed(connection))
    assert status == 200
    ((status, _),) = server.exchange(get("/read", "Content-Length: 99999999", "Expect: 100-continue"))
    assert status == 413


@pytest.mark.parametrize("module", ["uvicorn", "serving"])
def test_either_way_of_starting_the_service_has_the_bounds(
    tmp_path: Path, medium_snapshot: Published, module: str
) -> None:
    given = {
        "LOOKALIKE_MAX_HEADER_BYTES": "2000",
        "LOOKALIKE_RATE_LIMIT_PER_MINUTE": "1",
        "LOOKALIKE_RATE_BURST": "2",
    }
    with service_process(medium_snapshot.output, tmp_path, given, module=module) as service:
        assert service.client.get("/livez", headers={"x": "v" * 2000}).status_code == 431
        found = [
            service.client.get(PATH, params={"hashtag": "a"}, headers={"x-forwarded-for": f"192.0.2.{n}"}).status_code
            for n in range(3)
        ]
        assert found == [200, 200, 429]
    addresses = [json.loads(line)["client.address"] for line in service.log.splitlines() if PATH in line]
    assert addresses == ["127.0.0.1"] * 3


def test_another_protocol_of_uvicorn_is_said_to_have_no_bounds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with BoundedServer(tmp_path, http="h11") as server:
        assert server.ask() == 200
    assert "uvicorn's --http is not httptools" in caplog.text


def test_after_all_that_no_connection_is_left(server: BoundedServer) -> None:
    assert server.ask() == 200
    eventually(lambda: len(server.connections), lambda count: count == 0)

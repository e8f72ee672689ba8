"""The layers in real processes, started as the service is: uvicorn's command, its signals, its workers."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from .running import LONGEST, free_port

ROOT = Path(__file__).resolve().parents[2]
UVICORN = Path(sys.executable).parent / "uvicorn"


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Service:
    """A running service. `lines` has what it wrote to standard output once it has ended."""

    def __init__(self, folder: Path, options: tuple[str, ...], **settings: str) -> None:
        self.port = free_port()
        self._log = folder / "log"
        environ = {name: value for name, value in os.environ.items() if name != "WEB_CONCURRENCY"}
        environ |= {f"OPS_{name.upper()}": value for name, value in settings.items()}
        environ["TMPDIR"] = str(folder)
        command = [
            str(UVICORN),
            "--factory",
            "tests.serving.opsservice:create_app",
            "--port",
            str(self.port),
            *options,
        ]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT)

    def ask(self, path: str, port: int | None = None) -> Response:
        with contextlib.closing(HTTPConnection("127.0.0.1", port or self.port, timeout=LONGEST)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return Response(
                response.status, {name.lower(): text for name, text in response.getheaders()}, response.read()
            )

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.text[-2000:]
            with contextlib.suppress(OSError):
                if condition():
                    return
            time.sleep(0.02)
        raise AssertionError(self.text[-2000:])

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LONGEST)

    @property
    def text(self) -> str:
        return self._log.read_text()

    @property
    def requests(self) -> list[dict[str, object]]:
        documents = [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]
        return [document for document in documents if "event.dataset" in document]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def start(*options: str, path: str = "/livez", **settings: str) -> Service:
        service = Service(tmp_path, options, **settings)
        services.append(service)
        port = int(settings.get("ops_port", service.port))
        service.wait_for(lambda: service.ask(path, port).status == 200)
        service.wait_for(lambda: not refuses_connections(service.port))  # it opens after the second one
        return service

    yield start
    for service in services:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


def test_the_given_command_sends_no_banner_and_one_line_a_request(start: Callable[..., Service]) -> None:
    service = start(path="/ping")
    assert service.ask("/one").headers.keys() == {
        "date",
        "transfer-encoding",
        "content-security-policy",
        "x-content-type-options",
        "x-request-id",
    }
    with socket.create_connection(("127.0.0.1", service.port)) as raw:
        raw.sendall(b"NONSENSE\r\n\r\n")
        assert b"server:" not in raw.recv(4096).lower()
    assert service.end() == -signal.SIGTERM
    assert [line["url.path"] for line in service.requests][-1] == "/one"
    assert all(line.startswith("{") for line in service.text.splitlines())  # uvicorn's own lines are JSON as well
    assert service.text.count("/one") == 2  # message and url.path of one line
    assert "Finished server process" in service.text.splitlines()[-1]


def test_sigterm_lets_a_request_under_way_finish_and_its_line_be_written(
    start: Callable[..., Service], tmp_path: Path
) -> None:
    ops, answer_now = free_port(), tmp_path / "answer now"
    service = start(slow=str(answer_now), request_timeout_seconds="600", ops_port=str(ops))
    answers: list[Response] = []
    asking = threading.Thread(target=lambda: answers.append(service.ask("/slow")))
    asking.start()
    service.wait_for(lambda: metric(service, ops, "lookalike_http_requests_in_flight") == 2)  # and this one
    service.process.send_signal(signal.SIGTERM)
    service.wait_for(lambda: refuses_connections(service.port))
    assert service.ask("/livez", ops).status == 200  # the second port outlasts the first
    answer_now.touch()
    asking.join()
    assert (answers[0].status, answers[0].body) == (200, b"hello")
    assert service.process.wait(LONGEST) == -signal.SIGTERM
    assert "/slow" in [line["url.path"] for line in service.requests]
    assert "Finished server process" in service.text.splitlines()[-1]


def test_health_and_metrics_move_to_the_second_port(start: Callable[..., Service]) -> None:
    ops = free_port()
    service = start(ops_port=str(ops))
    assert service.ask("/readyz", ops).status == 503
    assert service.ask("/metrics", ops).body.startswith(b"# HELP")
    assert service.ask("/api/v1/snapshot", ops).status == 404
    assert service.ask("/metrics").body == b"hello"  # the application's, which has no such path in earnest
    assert service.ask("/livez", ops).headers.get("server") is None


def test_a_second_port_that_is_taken_ends_the_start_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ops = taken.getsockname()[1]
        service = Service(tmp_path, (), ops_port=str(ops), log_format="text")
        assert service.process.wait(LONGEST) == 3
        assert f"error: LOOKALIKE_OPS_PORT: 127.0.0.1:{ops}: Address already in use" in service.text
        assert "Traceback" not in service.text


def test_two_workers_of_uvicorns_command_answer_and_either_counts_for_both(
    start: Callable[..., Service], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m serving` makes the folder that they share; here it is named by hand."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    ops = free_port()
    service = start("--workers", "2", ops_port=str(ops))
    service.wait_for(lambda: metric(service, ops, "lookalike_workers") == 2)
    workers: list[bytes] = []

    def both_answered() -> bool:
        workers.append(service.ask("/worker").body)
        return len(set(workers)) == 2

    service.wait_for(both_answered)
    name = 'lookalike_http_requests_total{method="GET",route="other",status="200"}'
    service.wait_for(lambda: metric(service, ops, name) == len(workers))  # it is counted after it was answered
    counted = {metric(service, ops, name) for _ in range(10)}  # from both, as the system spreads connections
    assert counted == {len(workers)}
    assert service.end() in (0, -signal.SIGTERM)
    lines = [line for line in service.requests if line["url.path"] == "/worker"]
    assert len(lines) >= 2


def test_a_client_that_stops_reading_loses_its_connection_and_delays_no_shutdown(
    start: Callable[..., Service],
) -> None:
    service = start(path="/ping", request_timeout_seconds="0.5")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", service.port))
        client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        service.wait_for(lambda: any(line["url.path"] == "/big" for line in service.requests))
        assert service.end() == -signal.SIGTERM
    (line,) = (line for line in service.requests if line["url.path"] == "/big")
    assert line["event.reason"] == "stalled"
    assert "ASGI callable returned" not in service.text


def test_a_client_that_sends_requests_ahead_and_reads_nothing_leaves_no_error_in_the_log(
    start: Callable[..., Service],
) -> None:
    service = start(path="/ping", request_timeout_seconds="0.5")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", service.port))
        client.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n" * 4000 + b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * 9)
        service.wait_for(lambda: any(line.get("event.reason") == "stalled" for line in service.requests))
    assert service.end() == -signal.SIGTERM
    assert "Traceback" not in service.text
    assert "ASGI callable" not in service.text
    assert "never retrieved" not in service.text


def test_a_slow_client_that_goes_on_reading_gets_everything(start: Callable[..., Service]) -> None:
    time_out, size = 2.0, 64 << 20
    service = start(path="/ping", request_timeout_seconds=str(time_out))
    received = 0
    with socket.create_connection(("127.0.0.1", service.port)) as client:
        client.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while data := client.recv(1 << 20):
            received += len(data)
            time.sleep(2.2 * time_out * len(data) / size)  # all of it in more than twice the time-out
    assert received > size
    service.wait_for(lambda: bool(service.requests) and service.requests[-1]["url.path"] == "/big")
    assert "event.reason" not in service.requests[-1]


def metric(service: Service, port: int, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", service.ask("/metrics", port).body.decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def refuses_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False

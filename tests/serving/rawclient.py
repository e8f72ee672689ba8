"""Raw sockets against a small application inside all layers, under uvicorn in a thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import uvicorn
from starlette.types import Receive, Scope, Send

from serving.middleware.protect import protect
from serving.ops.connections import Connections
from serving.ops.metrics import Metrics
from serving.settings import Settings
from serving.state import State

from .lifespans import answer_lifespan
from .running import LONGEST, eventually

_HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n((?:[^\r]+\r\n)*)\r\n")


class BoundedServer:
    """A server whose application answers with its path and the client's address, /slow once `answer` is set.

    With `read` in the path it waits for the body first.
    """

    def __init__(self, folder: Path, *, http: Literal["auto", "h11"] = "auto", **settings: Any) -> None:
        self.metrics = Metrics()
        self.answer = threading.Event()
        self.asked: list[str] = []
        given = Settings(output=folder, access_log=False, log_format="json", **settings)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        config = uvicorn.Config(
            protect(self._application, State.of(given, self.metrics)),
            log_config=None,
            loop="uvloop",
            http=http,
            access_log=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})
        self.config = config

    def __enter__(self) -> BoundedServer:
        self._thread.start()
        eventually(lambda: self._server.started)
        return self

    def __exit__(self, *error: object) -> None:
        self.answer.set()
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    @property
    def connections(self) -> Connections:
        """Those of its port."""
        guard: Connections = self.config.http_protocol_class.keywords["guard"]  # type: ignore[attr-defined]
        return guard

    def refused(self, reason: str) -> float:
        """How much was refused for a reason."""
        series = f'lookalike_http_requests_refused_total{{reason="{reason}"}} '
        (line,) = (line for line in self.metrics.render().decode().splitlines() if line.startswith(series))
        return float(line.removeprefix(series))

    @contextlib.contextmanager
    def client(self, sent: bytes = b"", *, address: str = "127.0.0.1") -> Iterator[socket.socket]:
        """A connection on which this was sent."""
        with socket.create_connection(("127.0.0.1", self.port), LONGEST, source_address=(address, 0)) as connection:
            with contextlib.suppress(ConnectionError):  # it may be refused in the middle
                connection.sendall(sent)
            yield connection

    def exchange(self, sent: bytes) -> list[tuple[int, bytes]]:
        """The statuses and bodies of all answers until the server closes."""
        with self.client(sent) as connection:
            return answers(until_closed(connection))

    def ask(self, path: str = "/hello") -> int:
        """The status of one request on a connection of its own."""
        ((status, _),) = self.exchange(get(path, "Connection: close"))
        return status

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send)
            return
        self.asked.append(scope["path"])
        if "read" in scope["path"]:
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass
        while scope["path"] == "/slow" and not self.answer.is_set():
            await asyncio.sleep(0.005)
        body = bytes(1 << 20) if scope["path"] == "/big" else f"{scope['path']} {scope['client'][0]}".encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def get(path: str = "/hello", *headers: str) -> bytes:
    """A request without a body."""
    return "".join(f"{line}\r\n" for line in (f"GET {path} HTTP/1.1", "Host: x", *headers, "")).encode()


def until_closed(connection: socket.socket) -> bytes:
    """What comes until the other side closes, or resets the connection."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(1 << 16):
            received += data
    return received


def answers(received: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each answer in a stream of them, the last of which may have no body."""
    found = []
    while received:
        head = _HEAD.match(received)
        assert head is not None, received[:200]
        length = re.search(rb"(?i)content-length: (\d+)", head[2])
        size = 0 if length is None else int(length[1])
        found.append((int(head[1]), received[head.end() : head.end() + size]))
        received = received[head.end() + size :]
    return found

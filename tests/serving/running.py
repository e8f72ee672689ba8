"""The service in a thread of this process, or as the processes that people start; asked over HTTP."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn

from serving.app import create_app
from serving.lookup import compiled
from serving.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PATH = "/api/get_similar_accounts"
LONGEST = 600.0  # seconds; only a hang takes so long, on a busy machine that compiles functions too

Value = TypeVar("Value")


def eventually(look: Callable[[], Value], wanted: Callable[[Value], bool] = bool) -> Value:
    """Look until what is seen is wanted; fail with what was seen last."""
    until = time.monotonic() + LONGEST
    while True:
        seen = look()
        if wanted(seen):
            return seen
        assert time.monotonic() < until, f"in the end it was {seen!r}"
        time.sleep(0.02)


class Client(httpx.Client):
    """Asks one service; `pairs` is the look-up."""

    def pairs(self, hashtag: str, min_similarity: str | None = None, **more: Any) -> list[list[Any]]:
        """The pairs of an answer that must be 200."""
        parameters = {"hashtag": hashtag} | ({} if min_similarity is None else {"min_similarity": min_similarity})
        answer = self.get(PATH, params=parameters | more)
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["similar_account_pairs"]
        pairs: list[list[Any]] = answer.json()["similar_account_pairs"]
        return pairs

    def is_ready(self) -> bool:
        """Whether look-ups are answered."""
        return self.get("/readyz").status_code == 200


class Service:
    """A service over an output folder."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = self.new_client()

    def new_client(self, **options: Any) -> Client:
        """A client with connections of its own, which asks for no compression unless told to."""
        defaults: dict[str, Any] = {"base_url": self.url, "timeout": LONGEST, "headers": {"accept-encoding": ""}}
        return Client(**(defaults | options))


class ServiceFactory:
    """Starts services in threads: as uvicorn runs them, on free ports."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()

    def __call__(self, output: Path | str, *, wait: bool = True, **settings: Any) -> Service:
        """A service; with `wait`, one that answers look-ups. settings: see Settings."""
        if not compiled.are_ready():
            compiled.compile_all()  # otherwise each service of this process would answer without at first
        options: dict[str, Any] = {"output": output, "poll_seconds": 0.05, "access_log": False} | settings
        return self._stack.enter_context(_served(Settings(**options), wait))

    def close(self) -> None:
        """End them all."""
        self._stack.close()


@contextlib.contextmanager
def _served(settings: Settings, wait: bool) -> Iterator[Service]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(settings), loop="uvloop", http="httptools", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    service = Service(f"http://127.0.0.1:{listener.getsockname()[1]}")
    try:
        eventually(lambda: server.started)
        if wait:
            eventually(service.client.is_ready)
        yield service
    finally:
        service.client.close()
        server.should_exit = True
        thread.join()
        listener.close()


class ServiceProcess(Service):
    """A service in a process of its own. log: the lines that it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, port: int) -> None:
        super().__init__(f"http://127.0.0.1:{port}")
        self.process, self._log = process, log

    @property
    def log(self) -> str:
        return self._log.read_text()


@contextlib.contextmanager
def service_process(
    output: Path | str, folder: Path, environ: Mapping[str, str] | None = None, *, module: str = "uvicorn"
) -> Iterator[ServiceProcess]:
    """Run `python -m uvicorn` or `python -m serving` over an output folder, with these variables besides."""
    port = free_port()
    arguments = ["--factory", "serving.app:create_app", "--port", str(port)] if module == "uvicorn" else []
    command = [sys.executable, "-m", module, *arguments]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LOOKALIKE_")}
    variables |= {
        "LOOKALIKE_OUTPUT": str(output),
        "LOOKALIKE_POLL_SECONDS": "0.05",
        "LOOKALIKE_PORT": str(port),
    } | dict(environ or {})
    log = folder / "service.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=file, stderr=subprocess.STDOUT)
    service = ServiceProcess(process, log, port)
    try:
        eventually(lambda: _answers(service))
        yield service
    finally:
        service.client.close()
        process.terminate()
        process.wait()


def _answers(service: ServiceProcess) -> bool:
    assert service.process.poll() is None, service.log
    with contextlib.suppress(httpx.TransportError):
        return service.client.is_ready()
    return False


def free_port() -> int:
    """A port that nobody listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


def most_memory(process: int) -> int:
    """The most bytes that a process has had in memory so far."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024

"""Calls ASGI applications in this process, as a server would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.middleware.observe import Observe
from serving.middleware.protect import ANSWER_HEADERS
from serving.ops.loglines import access_line
from serving.ops.metrics import Metrics
from serving.settings import Settings

Header = tuple[bytes, bytes]


class Answer(NamedTuple):
    status: int
    raw_headers: list[Header]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value.decode() for key, value in self.raw_headers if key == name.encode()]
        return ", ".join(found) if found else None

    @property
    def problem(self) -> dict[str, Any]:
        assert self.header("content-type") == "application/problem+json"
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status
        assert document["request_id"] == self.header("x-request-id")
        return document


def scope_of(
    target: str = "/",
    *,
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (),
    client: str | None = "192.0.2.1",
    path: str | None = None,
) -> Scope:
    raw, _, query = target.partition("?")
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": raw if path is None else path,
        "raw_path": raw.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": None if client is None else (client, 50000),
        "server": ("127.0.0.1", 8080),
        "state": {},
    }


async def ask(app: ASGIApp, scope: Scope, send: Callable[[Message], Any] | None = None) -> Answer:
    """The answer to one request. `send` may wait, as a server does whose client reads slowly."""
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def sent(message: Message) -> None:
        messages.append(message)
        if send is not None:
            await send(message)

    await app(scope, receive, sent)
    if not messages:
        return Answer(0, [], b"")
    head, *rest = messages
    assert head["type"] == "http.response.start"
    return Answer(head["status"], list(head["headers"]), b"".join(message.get("body", b"") for message in rest))


def call(app: ASGIApp, target: str = "/", **options: Any) -> Answer:
    return asyncio.run(ask(app, scope_of(target, **options)))


async def hello(scope: Scope, _receive: Receive, send: Send) -> None:
    """The application that most tests protect."""
    scope["state"]["route"] = "/livez"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})


class Observed:
    """`app` inside Observe, and what that noted."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics | None = None, as_json: bool = True) -> None:
        self.lines: list[str] = []
        self.metrics = metrics or Metrics()
        self.app = Observe(
            app,
            metrics=self.metrics,
            line=access_line(as_json=as_json),
            write=self.lines.append,
            added=ANSWER_HEADERS,
        )

    @property
    def last(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.lines[-1])
        return document

    def counted(self, name: str) -> float:
        """The value of a series in the metrics, by its name and labels; 0 if it is not there."""
        for line in self.metrics.render().decode().splitlines():
            series, _, value = line.rpartition(" ")
            if series == name:
                return float(value)
        return 0.0


def settings_of(folder: Path, **values: Any) -> Settings:
    return Settings(output=folder, log_format="json", **values)

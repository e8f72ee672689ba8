"""The text of log lines: one for each request, and for what else happens; JSON in ECS fields, or plain.

Every value that a client may choose is cut and escaped, in plain lines too, so that it can neither forge a line
nor send an escape sequence to a terminal.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as _quote  # compiled; json.dumps costs ten times as much a value
from typing import Any, Final

from starlette.types import Scope

from serving.ops.record import RequestRecord

_ECS_VERSION: Final = "8.17.0"
_MAX_TEXT: Final = 512  # characters of a path, a query or a message's value that a line keeps
_MAX_NAME: Final = 128  # characters of shorter things: a user agent, an address
_MAX_KEPT: Final = 1024  # pieces of lines that are kept, in each of two tables
_EMPTY: Final = '""'
_FRACTIONS: Final = tuple(f".{millisecond:03d}Z" for millisecond in range(1000))


AccessLine = Callable[[Scope, RequestRecord, str, float], str]


def access_line(*, as_json: bool) -> AccessLine:
    """What makes the line of a request: from its scope, record, route and duration in seconds."""
    return _EcsLine() if as_json else _text_line


class _EcsLine:
    """The line as JSON. What many requests have in common is escaped once, and kept in two bounded tables."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._heads: dict[tuple[str, str, int], str] = {}
        self._tails: dict[tuple[object, ...], str] = {}

    def __call__(self, scope: Scope, record: RequestRecord, route: str, seconds: float) -> str:
        head_key = (scope["method"], scope["path"], record.status)
        head = self._heads.get(head_key) or self._head(head_key)
        client = scope.get("client")
        tail_key = (
            route,
            client[0] if client else None,
            record.headers.get(b"user-agent"),
            scope["state"].get("snapshot"),
            record.key,
            record.reason,
        )
        tail = self._tails.get(tail_key) or self._tail(tail_key)
        query = scope["query_string"]
        return (
            f'{{"@timestamp":"{self._clock.now()}",{head},"event.duration":{int(seconds * 1e9)},'
            f'"http.request.id":"{record.id}","trace.id":"{record.trace}",'
            f'"http.response.body.bytes":{record.sent},'
            f'"url.query":{_quote(query[:_MAX_TEXT].decode("latin-1")) if query else _EMPTY}{tail}'
        )

    def _head(self, key: tuple[str, str, int]) -> str:
        method, path, status = _quote(key[0][:16]), _quote(key[1][:_MAX_TEXT]), key[2]
        level = "info" if status < 500 else "error"
        head = (
            f'"log.level":"{level}","message":"{method[1:-1]} {path[1:-1]} {status}",'
            f'"ecs.version":"{_ECS_VERSION}","event.dataset":"lookalike.access","http.request.method":{method},'
            f'"url.path":{path},"http.response.status_code":{status}'
        )
        if len(path) + len(method) < 512:
            _keep(self._heads, key, head)
        return head

    def _tail(self, key: tuple[Any, ...]) -> str:
        route, client, agent, snapshot, name, reason = key
        values = {
            "client.address": client,
            "user_agent.original": agent[:_MAX_NAME].decode("latin-1") if agent else None,
            "labels.route": route,
            "labels.snapshot": snapshot,
            "labels.key": name,
            "event.reason": reason,
        }
        given = [f',"{field}":{_quote(value[:_MAX_NAME])}' for field, value in values.items() if value is not None]
        tail = "".join(given) + "}\n"
        if len(agent or b"") + len(client or "") < 512:
            _keep(self._tails, key, tail)
        return tail


def _keep(table: dict[Any, str], key: tuple[object, ...], text: str) -> None:
    if len(table) >= _MAX_KEPT:
        table.clear()
    table[key] = text


def _text_line(scope: Scope, record: RequestRecord, _route: str, seconds: float) -> str:
    query = scope["query_string"][:_MAX_TEXT].decode("latin-1")
    target = scope["path"][:_MAX_TEXT] + ("?" + query if query else "")
    reason = f" ({record.reason})" if record.reason else ""
    return (
        f"{time.strftime('%H:%M:%S')} {plain(scope['method'][:16])} {plain(target)} "
        f"{record.status} {seconds * 1000:.1f} ms{reason}\n"
    )


def format_event(level: str, logger: str, message: str, **fields: Any) -> str:
    """One line of JSON about something that is not a request."""
    document = {
        "@timestamp": Clock().now(),
        "log.level": level,
        "message": message,
        "ecs.version": _ECS_VERSION,
        "log.logger": logger,
        **fields,
    }
    return json.dumps(document) + "\n"


def plain(text: str) -> str:
    """Text of any origin as ASCII in one line, without control characters."""
    return _quote(text)[1:-1].replace('\\"', '"')


class Clock:
    """The time in UTC, ISO 8601 to the millisecond; the text of a second is made once."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def now(self) -> str:
        """Such as 2026-11-23T15:01:02.345Z."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return self._text + _FRACTIONS[int((now - second) * 1000)]

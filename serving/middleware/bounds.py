"""The layer that refuses long URLs, paths that are not UTF-8, long parameters and large bodies."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Final
from urllib.parse import unquote_plus, unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.api.fields import INNER_SLASH
from serving.ops.protocol import MAX_BODY_BYTES
from serving.problems.documents import send_problem
from serving.problems.kinds import ContentTooLarge, InvalidParameter, UriTooLong

_SENT_SLASH: Final = re.compile(rb"%2[Ff]")


class Bounds:
    """Refuses a URL beyond `url_bytes` (as sent), a parameter beyond `parameter_bytes` (decoded), a large body.

    A server puts a replacement character for what is not UTF-8 in a path, so such a path would name something else.
    It also decodes %2F: the path is decoded again here, with INNER_SLASH for it.
    """

    def __init__(self, app: ASGIApp, *, url_bytes: int, parameter_bytes: int) -> None:
        self._app = app
        self._url_bytes = url_bytes
        self._parameter_bytes = parameter_bytes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on or refuse. Not a coroutine: there is nothing to wait for."""
        query: bytes = scope["query_string"]
        path: bytes = scope.get("raw_path") or b""  # optional in ASGI; uvicorn gives it
        if len(path) + len(query) + (query != b"") > self._url_bytes:
            return send_problem(scope, send, UriTooLong(f"The URL is longer than {self._url_bytes} bytes."))
        if b"%" in path:
            try:
                decoded = INNER_SLASH.join(unquote_to_bytes(part).decode() for part in _SENT_SLASH.split(path))
            except UnicodeDecodeError:
                return send_problem(scope, send, InvalidParameter("path: is not UTF-8", parameter="path"))
            scope = {**scope, "path": decoded}  # a log of it could not write that character
        if len(query) > self._parameter_bytes and (name := self._too_long(query)) is not None:
            detail = f"{name}: is longer than {self._parameter_bytes} bytes"
            return send_problem(scope, send, InvalidParameter(detail, parameter=name))
        length = scope["state"]["headers"].get(b"content-length")
        if length is not None and length.isdigit() and (len(length) > 9 or int(length) > MAX_BODY_BYTES):
            close = [("connection", "close")]
            return send_problem(
                scope, send, ContentTooLarge("The body is too large; no request needs one.", headers=close)
            )
        return self._app(scope, receive, send)

    def _too_long(self, query: bytes) -> str | None:
        """The name of a parameter that is too long."""
        for pair in query.split(b"&"):
            name, _, value = pair.partition(b"=")
            if len(value) > self._parameter_bytes and len(unquote_to_bytes(value)) > self._parameter_bytes:
                return unquote_plus(name[:192].decode("latin-1"))[:64]
        return None

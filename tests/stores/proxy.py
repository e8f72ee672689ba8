"""Stands between a client and the S3 server: counts requests, and answers some of them itself, or not at all."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LOST = -1  # the request is carried out and its answer lost
CUT = -2  # the same, and the answer breaks off in the middle


@dataclass(frozen=True)
class Asked:
    """A request. key: in the bucket, with the prefix; empty of a listing. range: of bytes, as it was asked for."""

    method: str
    key: str
    query: str
    range: str | None


Fault = Callable[[Asked], int | None]


class Proxy:
    """endpoint: to be used instead of the server's. fault: of a request, a status to answer with, LOST, CUT, None."""

    def __init__(self, endpoint: str) -> None:
        self._upstream = urlsplit(endpoint).netloc
        self.asked: list[Asked] = []
        self.fault: Fault = lambda _: None
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # an answer's head would wait for the client before its body follows
            wbufsize = 1 << 16

            def handle_one_request(self) -> None:
                with contextlib.suppress(ConnectionError):  # the client has gone
                    super().handle_one_request()
                    return
                self.close_connection = True

            def do_any(self) -> None:
                proxy._pass_on(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_any  # noqa: N815  # the names of http.server

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reads(self) -> list[Asked]:
        """The requests for content of data files."""
        return [one for one in self.asked if one.method == "GET" and one.key.endswith(".parquet")]

    def _pass_on(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        parts = urlsplit(handler.path)
        key = unquote(parts.path).removeprefix("/").partition("/")[2]
        asked = Asked(handler.command, key, parts.query, handler.headers.get("range"))
        self.asked.append(asked)
        fault = self.fault(asked)
        if fault is not None and fault > 0:
            handler.send_response(fault)
            handler.send_header("content-length", "0")
            handler.end_headers()
            handler.wfile.flush()
            return
        connection = http.client.HTTPConnection(self._upstream, timeout=600)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            content = answer.read()
            if fault == LOST:
                handler.close_connection = True
                return
            handler.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "date", "server", "content-length"):
                    handler.send_header(name, value)
            length = answer.getheader("content-length") if handler.command == "HEAD" else str(len(content))
            handler.send_header("content-length", length or "0")
            handler.end_headers()
            if fault == CUT:
                handler.wfile.write(content[: len(content) // 2])
                handler.wfile.flush()
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
            handler.wfile.write(content)
            handler.wfile.flush()
        finally:
            connection.close()


@contextlib.contextmanager
def proxy_of(endpoint: str) -> Iterator[Proxy]:
    """One that ends with the context."""
    proxy = Proxy(endpoint)
    try:
        yield proxy
    finally:
        proxy.close()

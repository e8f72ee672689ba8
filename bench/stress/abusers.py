"""Clients that keep a service busy: python -m bench.stress.abusers KIND PORT SECONDS LOOKUP; what they did, as JSON.

A client has some connections. So many times a second it turns to the next one: it reads what has come, sends the next
piece if the one before it is sent, and opens the connection again if the service has closed it.
"""

from __future__ import annotations

import itertools
import json
import random
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_SMALL: Final = 4096  # bytes of a receive buffer that is soon full
_HELLO: Final = bytes.fromhex("16030100c8010000c40303") + bytes(range(200))  # how TLS begins
_CHUNK: Final = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
_COSTLY: Final = "/api/v1/hashtags/vote/pairs"
_PIPELINED: Final = 1000  # requests that are sent at once


@dataclass(frozen=True)
class Abuse:
    """A kind of client.

    piece: what a connection sends as its nth piece, given the path of a look-up. turns: a second, of all connections
    together. pieces: after which the client closes the connection itself and opens another. addresses: that it comes
    from. half_closed: it says after a piece that it sends no more. reads: whether it reads answers.
    """

    meaning: str
    connections: int
    turns: int
    piece: Callable[[int, str], bytes]
    pieces: int | None = None
    addresses: int = 1
    half_closed: bool = False
    reads: bool = True


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def _half_a_head(n: int, _: str) -> bytes:
    return b"" if n else b"GET / HTTP/1.1\r\nX: "


def _slow_head(n: int, _: str) -> bytes:
    head = b"GET / HTTP/1.1\r\nX: "
    return head[n : n + 1] or b"v"


def _endless_head(n: int, _: str) -> bytes:
    return b"X-%d: %s\r\n" % (n, b"v" * 4000) if n else b"GET / HTTP/1.1\r\n"


def _endless_body(n: int, path: str) -> bytes:
    return _CHUNK if n else f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


def _sized_body(n: int, path: str) -> bytes:
    return b"x" if n else f"GET {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n".encode()


def _pipelined(n: int, path: str) -> bytes:
    return _get(path if n % 2 else "/livez") * _PIPELINED


def _many_headers(_: int, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n".encode() + b"a:\r\n" * 100_000


def _garbage(_: int, __: str) -> bytes:
    return random.randbytes(random.choice((1, 100, 1 << 16)))


ABUSES: Final[dict[str, Abuse]] = {
    "quiet": Abuse("nothing, for comparison", 0, 10, lambda *_: b""),
    "slow-heads": Abuse("heads that come a byte a second", 200, 200, _slow_head),
    "endless-heads": Abuse("heads without an end", 20, 200, _endless_head),
    "endless-bodies": Abuse("bodies without an end", 20, 200, _endless_body),
    "slow-bodies": Abuse("bodies that come a byte a second", 200, 200, _sized_body),
    "many": Abuse("2,000 connections with half a head each", 2000, 1000, _half_a_head),
    "many-addresses": Abuse("the same from 8 addresses", 2000, 1000, _half_a_head, addresses=8),
    "idle": Abuse("connections that send nothing", 400, 400, lambda *_: b""),
    "half-closed": Abuse("a request, and the end", 200, 400, lambda _, p: _get(p), pieces=2, half_closed=True),
    "half-heads": Abuse("half a head, and the end", 200, 400, _half_a_head, pieces=2, half_closed=True),
    "pipelined": Abuse("thousands of requests at once", 4, 400, _pipelined),
    "unread": Abuse("the same, and answers that are not read", 50, 200, _pipelined, reads=False),
    "many-headers": Abuse("100,000 headers a request", 20, 50, _many_headers),
    "garbage": Abuse("random bytes", 50, 100, _garbage, pieces=3),
    "tls": Abuse("the first message of TLS", 50, 200, lambda *_: _HELLO, pieces=2),
    "costly": Abuse("requests that take a hundred times as long as /livez", 250, 500, lambda *_: _get(_COSTLY)),
}


@dataclass
class Did:
    """What clients did. closed: connections that the service closed. sent, received: bytes."""

    opened: int = 0
    closed: int = 0
    sent: int = 0
    received: int = 0


@dataclass
class _Connection:
    """connection: None before it is opened. waiting: bytes of the last piece that are not sent yet."""

    address: str
    connection: socket.socket | None = None
    pieces: int = 0
    waiting: bytes = b""


@dataclass
class _Client:
    abuse: Abuse
    port: int
    path: str
    did: Did = field(default_factory=Did)

    def turn_to(self, one: _Connection) -> None:
        """Do the next step on a connection."""
        if one.connection is None:
            self._open(one)
            return
        try:
            if self.abuse.reads:
                self._read(one.connection)
            self._send(one, one.connection)
        except BlockingIOError:
            pass
        except OSError:
            self.did.closed += 1
            self._close(one, one.connection)

    def _open(self, one: _Connection) -> None:
        connection = socket.socket()
        if not self.abuse.reads:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
        connection.bind((one.address, 0))
        connection.setblocking(False)
        connection.connect_ex(("127.0.0.1", self.port))
        one.connection, one.pieces, one.waiting = connection, 0, b""
        self.did.opened += 1

    def _read(self, connection: socket.socket) -> None:
        """Raises ConnectionError at the end of what the service sends."""
        for _ in range(16):
            try:
                data = connection.recv(1 << 18)
            except BlockingIOError:
                return
            if not data:
                raise ConnectionError
            self.did.received += len(data)

    def _send(self, one: _Connection, connection: socket.socket) -> None:
        if not one.waiting:
            if one.pieces == self.abuse.pieces:
                self._close(one, connection)
                return
            one.waiting = (
                self.abuse.piece(one.pieces, self.path) if not self.abuse.half_closed or not one.pieces else b""
            )
            one.pieces += 1
        if one.waiting:
            sent = connection.send(one.waiting)
            one.waiting = one.waiting[sent:]
            self.did.sent += sent
            if self.abuse.half_closed and not one.waiting:
                connection.shutdown(socket.SHUT_WR)

    def _close(self, one: _Connection, connection: socket.socket) -> None:
        connection.close()
        one.connection = None


def abuse_for(abuse: Abuse, port: int, seconds: float, path: str) -> Did:
    """Be such clients for so many seconds."""
    client = _Client(abuse, port, path)
    connections = [_Connection(f"127.0.1.{1 + n % abuse.addresses}") for n in range(abuse.connections)]
    begun = time.monotonic()
    turns = itertools.cycle(connections) if connections else None
    for turn in itertools.count(1):
        if turns is not None:
            client.turn_to(next(turns))
        now = time.monotonic() - begun
        if now > seconds:
            break
        time.sleep(max(0.0, turn / abuse.turns - now))
    for one in connections:
        if one.connection is not None:
            one.connection.close()
    return client.did


def main(argv: list[str]) -> int:
    """See above."""
    kind, port, seconds, path = argv
    print(json.dumps(vars(abuse_for(ABUSES[kind], int(port), float(seconds), path))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

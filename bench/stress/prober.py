"""Asks /livez again and again: python -m bench.stress.prober PORT SECONDS; how long the answers took, as JSON.

By turns on a new connection and on one that is kept, from an address of its own: what the service refuses to others
because of their address is not refused here.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from typing import Final

_PAUSE: Final = 0.02  # seconds from the start of one to that of the next
_LONGEST: Final = 5.0  # seconds; a later answer is a failure
_ADDRESS: Final = "127.0.0.2"
_ASKED: Final = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def probe_for(port: int, seconds: float) -> dict[str, list[float]]:
    """The seconds of each answer on new connections and on the kept one; of failures their number, by reason."""
    found: dict[str, list[float]] = {"new": [], "kept": []}
    failed: dict[str, float] = {}
    kept = None
    begun = time.monotonic()
    turn = 0
    while time.monotonic() - begun < seconds:
        kind = ("new", "kept")[turn % 2]
        turn += 1
        asked = time.monotonic()
        try:
            connection = kept if kind == "kept" and kept is not None else _connected(port)
            try:
                _ask(connection)
            except BaseException:
                kept = None if connection is kept else kept
                connection.close()
                raise
            if kind == "kept":
                kept = connection
            else:
                connection.close()
            found[kind].append(time.monotonic() - asked)
        except OSError as error:
            reason = f"{kind}: {error!r}"
            failed[reason] = failed.get(reason, 0) + 1
        time.sleep(max(0.0, begun + turn * _PAUSE - time.monotonic()))
    if kept is not None:
        kept.close()
    return found | {f"failed on {reason}": [count] for reason, count in failed.items()}


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), _LONGEST, source_address=(_ADDRESS, 0))


def _ask(connection: socket.socket) -> None:
    """Raises OSError unless the answer is 200."""
    connection.sendall(_ASKED)
    received = b""
    while not received.endswith(b'{"status":"alive"}'):
        data = connection.recv(1 << 16)
        if not data or not (received + data).startswith(b"HTTP/1.1 200 "[: len(received + data)]):
            raise OSError(f"the answer was {(received + data)[:60]!r}")
        received += data


def main(argv: list[str]) -> int:
    """See above."""
    with contextlib.suppress(KeyboardInterrupt):
        print(json.dumps(probe_for(int(argv[0]), float(argv[1]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

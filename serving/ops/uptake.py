"""Whether a client takes what waits for it."""

from __future__ import annotations

import asyncio
import fcntl
import math
import struct
import termios


class Uptake:
    """Of one connection. since: when the client was last seen to take some; infinite if nothing waits for it."""

    def __init__(self) -> None:
        self.since = math.inf
        self._waiting = 0

    def look(self, transport: asyncio.Transport, now: float) -> float:
        """The seconds for which the client has taken nothing of what waits for it."""
        waiting = _waiting_bytes(transport)
        if not waiting:
            self.since = math.inf
        elif waiting != self._waiting:
            self.since = now
        self._waiting = waiting
        return self.seconds(now)

    def seconds(self, now: float) -> float:
        """The same as far as the last look tells, negative if nothing waits."""
        return now - self.since


def _waiting_bytes(transport: asyncio.Transport) -> int:
    """Bytes that wait for the client, 0 if the system has room for all.

    What the system holds counts as well: it takes more only when much of its megabytes has gone, which a slow line
    needs many seconds for.
    """
    waiting = transport.get_write_buffer_size()
    if not waiting:
        return 0
    try:
        held = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, ValueError):  # it has just been closed
        return waiting
    return waiting + int(struct.unpack("i", held)[0])

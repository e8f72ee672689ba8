"""The connections of one port: how many there may be, and a clock that ends those that take too long.

A client needs a connection before its key can be looked at, so these bounds hold for everyone. Where there are too
many connections, one that waits for its client makes room for the new one: the one that has waited longest for a
request, or else for its answer to be read, of the same address if that has its share. If all of them have requests
under way, the new one is answered 503 and closed. So a client that opens connections and sends or reads nothing keeps
nobody out.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from serving.ops.addresses import client_of, is_in, parse_networks
from serving.ops.metrics import Metrics, Reason
from serving.ops.turns import Turns
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.ops.protocol import BoundedProtocol

_OWN_FILES: Final = 100  # descriptors that the service has in use at most besides connections
_OFTEN: Final = 0.5  # seconds between looks at the clock; one timer serves all connections


class Connections:
    """Counts connections, in all and by address, and looks at their deadlines. For the event loop's thread alone.

    An address of `trusted_proxies` stands for many clients: no bound of its own holds for it.

    most: how many connections there may be: `max_connections`, or fewer where the process may open too few files for
    them (files, as `ulimit -n` has it).
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.most = min(settings.max_connections, max(1, self.files - _OWN_FILES))
        self._metrics = metrics
        self._proxies = parse_networks(settings.trusted_proxies)
        # Of each client, the one that has waited longest comes first; one with a request under way keeps its place.
        self._by_client: dict[str | None, dict[BoundedProtocol, None]] = {}
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._turns = Turns()
        waiting = (settings.head_timeout_seconds, settings.body_timeout_seconds, settings.keep_alive_seconds)
        self._often = min(_OFTEN, *(seconds / 4 for seconds in (*waiting, settings.send_timeout_seconds)))

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def admit(self, connection: BoundedProtocol, address: str | None) -> bool:
        """Take a connection in, perhaps in place of another one; False if there is no room."""
        client = self._client(address)
        own = self._by_client.get(client, {})
        if client is not None and len(own) >= self.settings.max_connections_per_address:
            room = self._make_room(own, connection.loop)
        elif self._count >= self.most:
            largest = max(self._by_client.values(), key=len)
            each = [one for own in self._by_client.values() for one in own]
            room = self._make_room(largest, connection.loop) or self._make_room(each, connection.loop)
        else:
            room = True
        if not room:
            self.refused("connections")
            return False
        connection.own = self._by_client.setdefault(client, {})
        connection.own[connection] = None
        self._count += 1
        if self._timer is None:
            self._look_later(connection.loop)
        return True

    def leave(self, connection: BoundedProtocol, address: str | None) -> None:
        """A connection is gone. Does nothing if it was never taken in, or made room."""
        own, connection.own = connection.own, None
        if own is None:
            return
        del own[connection]
        self._count -= 1
        if not own:
            del self._by_client[self._client(address)]

    def put_last(self, connection: BoundedProtocol) -> None:
        """A connection begins to wait for its client: of that client's it is the last to make room."""
        if connection.own is not None:
            del connection.own[connection]
            connection.own[connection] = None

    def take_turn(self, connection: BoundedProtocol) -> None:
        """Let a connection go on with the requests that its client has sent ahead, after others that have such.

        One does each time that the event loop has looked at all connections. So many clients that send thousands of
        requests at once delay the others by one request, and not by one each.
        """
        self._turns.take(connection.loop, connection.next_turn)

    def refused(self, reason: Reason) -> None:
        """Count what was refused."""
        self._metrics.refused(reason)

    def _client(self, address: str | None) -> str | None:
        """What counts as one client; None if it is many."""
        if address is None or (self._proxies and is_in(address, self._proxies)):
            return None
        return client_of(address)

    def _make_room(self, connections: Collection[BoundedProtocol], loop: asyncio.AbstractEventLoop) -> bool:
        longest = next((connection for connection in connections if connection.waits), None)
        if longest is None:
            now = loop.time()
            stalled = (connection for connection in connections if connection.is_stalled(now))
            longest = min(stalled, key=lambda connection: connection.uptake.since, default=None)
        if longest is None:
            return False
        self.refused("connections")
        self.leave(longest, longest.address)
        longest.transport.abort()
        return True

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(self._often, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is overdue."""
        self._timer = None
        now = loop.time()
        for own in list(self._by_client.values()):
            for connection in list(own):
                connection.look(now)
        if self._count:
            self._look_later(loop)

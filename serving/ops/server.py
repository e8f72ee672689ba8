"""What the service needs of uvicorn beyond ASGI: bounds, no banner, cut connections, a second port, last log lines.

An application cannot ask uvicorn for these, so this module, and no other, reaches for uvicorn's own objects. Under
another server nothing here takes effect, and nothing fails. Tests with a real process check it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import multiprocessing
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE as STARTUP_FAILURE
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.ops.connections import Connections
from serving.ops.logs import LogHandler
from serving.ops.protocol import BoundedProtocol
from serving.settings import SettingsError

_NOT_SET: Final = "127.0.0.1,::1"  # what uvicorn trusts by default
_log = logging.getLogger("serving")


def configure_server(receive: Receive, connections: Connections) -> None:
    """Complete uvicorn's configuration before it listens, however it was started.

    receive: of the lifespan; its owner knows the configuration. It does what these options do: --no-server-header,
    --no-proxy-headers, and --http with a protocol of our own.
    """
    config = getattr(getattr(receive, "__self__", None), "config", None)
    if not isinstance(config, uvicorn.Config):
        _log.warning("this server is not uvicorn: the settings of connections and headers have no effect")
        return
    if connections.most < connections.settings.max_connections:
        message = "max_connections is %d, but this process may open %d files (ulimit -n): it takes %d connections"
        _log.warning(message, connections.settings.max_connections, connections.files, connections.most)
    config.encoded_headers = [header for header in config.encoded_headers if header != (b"server", b"uvicorn")]
    if config.forwarded_allow_ips != _NOT_SET and not connections.settings.trusted_proxies:
        _log.warning("uvicorn's --forwarded-allow-ips has no effect: set LOOKALIKE_TRUSTED_PROXIES")
    if isinstance(config.loaded_app, ProxyHeadersMiddleware):
        config.loaded_app = config.loaded_app.app
    if config.http_protocol_class is HttpToolsProtocol:
        config.http_protocol_class = bounded_by(connections)
    else:
        _log.warning("uvicorn's --http is not httptools: the settings of connections and headers have no effect")


def bounded_by(connections: Connections) -> type[asyncio.Protocol]:
    """The protocol for uvicorn, which takes anything that makes one."""
    return cast("type[asyncio.Protocol]", functools.partial(BoundedProtocol, guard=connections))


async def abort_connection(send: Send) -> None:
    """Cut the connection of a client that has stopped reading; closing would wait for it to read on."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    abort: Callable[[], None] | None = getattr(transport, "abort", None)  # uvloop's are not asyncio's by type
    if abort is not None:
        abort()
        # Otherwise uvicorn logs that the answer was not completed: it notices the end of the last request alone.
        cast("Any", cycle).disconnected = True
        await asyncio.sleep(0)


class SecondPort:
    """Serves another application on a second port, in the same event loop."""

    def __init__(self, app: ASGIApp, *, host: str, port: int, shared: bool, connections: Connections) -> None:
        """Nothing is bound yet. shared: other workers bind the same port; each answers for all."""
        self._app = app
        self._connections = connections
        self._host, self._port, self._shared = host, port, shared
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bind and listen. Raises SettingsError if the port cannot be bound."""
        try:
            listener = _bind(self._host, self._port, shared=self._shared)
        except OSError as error:
            reason = error.strerror or error
            raise SettingsError(f"LOOKALIKE_OPS_PORT: {self._host}:{self._port}: {reason}") from None
        config = uvicorn.Config(
            self._app,
            http=bounded_by(self._connections),
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            workers=1,
        )
        self._server = _QuietServer(config)
        self._task = asyncio.create_task(self._server.serve([listener]))

    async def stop(self) -> None:
        """Finish what is under way, and close the port."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task


class _QuietServer(uvicorn.Server):
    """Leaves signals to the server of the first port."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bind(host: str, port: int, *, shared: bool) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def is_worker() -> bool:
    """Whether a supervisor has started this process, with others for the same service."""
    return multiprocessing.parent_process() is not None


def end_with_supervisor() -> None:
    """In a worker: when the supervisor is gone, end as after SIGTERM. uvicorn's workers would serve on without it."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return
    loop, gone = asyncio.get_running_loop(), supervisor.sentinel

    def end() -> None:
        loop.remove_reader(gone)
        _log.error("the supervisor of the workers is gone; this worker ends")
        signal.raise_signal(signal.SIGTERM)

    loop.add_reader(gone, end)


class Lifetime:
    """The lifespan of `app`, with the second port open before it begins and closed after it ends.

    While the server waits for requests under way after SIGTERM, the second port still answers.
    """

    def __init__(
        self, app: ASGIApp, *, connections: Connections, second_port: SecondPort | None, handler: LogHandler
    ) -> None:
        self._app = app
        self._connections = connections
        self._second_port = second_port
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One lifespan."""
        configure_server(receive, self._connections)
        end_with_supervisor()
        if self._second_port is not None:
            try:
                await self._second_port.start()
            except SettingsError as error:
                await receive()
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return

        async def observed(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await self._end()
            await send(message)

        await self._app(scope, receive, observed)

    async def _end(self) -> None:
        if self._second_port is not None:
            await self._second_port.stop()
        self._handler.closing = True  # the server logs once more after this, then a signal ends the process
        self._handler.writer.flush()

"""The layer that lets some paths past the ones inside of it."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable

from starlette.types import ASGIApp, Receive, Scope, Send


class Bypass:
    """Requests for `paths` go to `direct`, all others to `app`."""

    def __init__(self, app: ASGIApp, direct: ASGIApp, *, paths: Iterable[str]) -> None:
        self._app = app
        self._direct = direct
        self._paths = frozenset(paths)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on."""
        app = self._direct if scope["path"] in self._paths else self._app
        return app(scope, receive, send)

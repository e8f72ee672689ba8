"""Puts the service together. `create_app` is the factory that uvicorn calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from lookalike import __version__
from lookalike.errors import UsageError
from serving import api
from serving.api import docs, health
from serving.lookup import documented
from serving.lookup.endpoint import PATH, Lookup
from serving.lookup.warmup import warm_up, warm_up_later
from serving.middleware.head import HeadAsGet
from serving.middleware.inturn import InTurn
from serving.middleware.protect import protect
from serving.ops.metrics import Metrics
from serving.ops.server import STARTUP_FAILURE, is_worker
from serving.problems import handlers
from serving.problems.documents import DocumentedApp
from serving.settings import METRICS_VARIABLE, Settings, SettingsError, load_settings
from serving.state import State

# Seconds until a worker's requests under way and hits of the cache are seen by the other workers.
_SAMPLE_SECONDS = 1.0
_log = logging.getLogger("serving")


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The service as an ASGI application. Without settings: those of the environment, or the process ends.

    Nothing is read or started before the lifespan begins.
    """
    if settings is not None:
        return _build(settings)
    try:
        settings = load_settings(os.environ)
        app = _build(settings)
    except (SettingsError, UsageError) as error:
        print(f"error: {error}", file=sys.stderr)
        # A supervisor would start a worker again and again that ends with another code.
        raise SystemExit(STARTUP_FAILURE if is_worker() else error.exit_code) from None
    _warn_of_workers(settings)
    return app


def _build(settings: Settings) -> ASGIApp:
    state = State.of(settings, Metrics())
    app = DocumentedApp(
        title="lookalike",
        summary="Accounts that used the same hashtag under near-identical screen names",
        version=__version__,
        lifespan=_lifespan(state),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # its Location would follow the request's Host
    )
    app.state.lookalike = state
    handlers.install(app)
    app.include_router(documented.router)
    app.include_router(api.router)
    app.include_router(docs.router)
    if settings.ops_port is None:
        app.include_router(health.make_router())
    in_turn = InTurn(HeadAsGet(app), apart=health.PATHS)
    return protect(WithFastPath(in_turn, PATH, Lookup(state)), state)


def _warn_of_workers(settings: Settings) -> None:
    if is_worker() and METRICS_VARIABLE not in os.environ:
        _log.warning("%s is not set: /metrics has the numbers of one worker only", METRICS_VARIABLE)
    if settings.workers > 1 and not is_worker():
        _log.warning(
            "only one process serves: start `python -m serving` for %d workers, or give uvicorn --workers",
            settings.workers,
        )


class WithFastPath:
    """An application, and another one for a single path of it."""

    def __init__(self, app: ASGIApp, path: str, other: ASGIApp) -> None:
        self._app, self._path, self._other = app, path, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] == "http" and scope["path"].removeprefix(scope.get("root_path", "")) == self._path:
            await self._other(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _lifespan(state: State) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await warm_up(state)
        works = state.holder.follow(), _sample(state.metrics), warm_up_later(state)
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            state.close()

    return lifespan


async def _sample(metrics: Metrics) -> None:
    while True:
        metrics.sample()
        await asyncio.sleep(_SAMPLE_SECONDS)

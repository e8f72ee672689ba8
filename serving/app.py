"""Puts the service together: create_app is what uvicorn is given."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from lookalike import __version__
from lookalike.errors import UsageError
from serving import docs, problems, v1
from serving.lookup import document
from serving.lookup.endpoint import PATH, Lookup
from serving.lookup.warmup import warm_up
from serving.middleware import protect
from serving.ops import health
from serving.ops.metrics import Metrics
from serving.ops.server import use_workers
from serving.ops.sharedvalues import worker_folder
from serving.settings import Settings, SettingsError, load_settings
from serving.state import State

_log = logging.getLogger("serving")


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The service as an ASGI application. Without settings: those of the environment, or the process ends.

    Nothing is read or started before the lifespan begins.
    """
    if settings is not None:
        return _build(settings)
    try:
        settings = load_settings(os.environ)
        use_workers(settings.workers, os.environ, sys.orig_argv)
        return _build(settings)
    except (SettingsError, UsageError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


def _build(settings: Settings) -> ASGIApp:
    state = State.of(settings, Metrics(folder=worker_folder()))
    app = FastAPI(
        title="lookalike",
        summary="Accounts that used the same hashtag under near-identical screen names",
        version=__version__,
        lifespan=_lifespan(state),
        docs_url=None,
        redoc_url=None,
    )
    app.state.lookalike = state
    problems.install(app)
    app.include_router(v1.router)
    app.include_router(docs.router)
    if settings.ops_port is None:
        app.include_router(health.make_router())
    document.complete(app, settings)
    return protect(Beside(app, PATH, Lookup(state)), state)


class Beside:
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
        tasks = [asyncio.create_task(state.holder.follow()), asyncio.create_task(_warm(state))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            state.close()

    return lifespan


async def _warm(state: State) -> None:
    try:
        await asyncio.get_running_loop().run_in_executor(state.executor, warm_up)
        gc.collect()
        gc.freeze()  # what lives as long as the service need not be looked at in every full collection
    except Exception:
        _log.exception("the comparison could not be compiled; answers below the floor will fail")
        return
    state.warmed = True

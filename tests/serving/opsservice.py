"""A small application inside all layers, for tests that start uvicorn: OPS_* in the environment are settings.

/slow answers once the file OPS_SLOW is there, /big sends 64 MiB, /worker says which process answers. All others
answer "hello".
"""

import asyncio
import os
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.middleware.protect import protect
from serving.ops.metrics import Metrics
from serving.settings import Settings
from serving.state import State

from .lifespans import answer_lifespan


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await answer_lifespan(receive, send)
        return
    path = scope["path"]
    if path == "/slow":
        while not Path(os.environ["OPS_SLOW"]).exists():
            await asyncio.sleep(0.01)
    body = str(os.getpid()).encode() if path == "/worker" else b"hello"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if path == "/big":
        for _ in range(1024):
            await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
    await send({"type": "http.response.body", "body": body})


def create_app() -> ASGIApp:
    given = {name[4:].lower(): value for name, value in os.environ.items() if name.startswith("OPS_")}
    given.pop("slow", None)
    settings = Settings(output=Path("nowhere"), **given)  # type: ignore[arg-type]  # pydantic reads the texts
    return protect(application, State.of(settings, Metrics()))

"""What the service is held against, under the same uvicorn: bare ASGI, and a plain FastAPI route."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Response
from starlette.types import ASGIApp, Receive, Scope, Send

BODY_VARIABLE = "BENCH_BODY"  # names the file with the bytes that are answered
PATH = "/api/get_similar_accounts"


def bare() -> ASGIApp:
    """An ASGI function that answers the same bytes to everything."""
    body = _body()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    end = {"type": "http.response.body", "body": body}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        await send(start)
        await send(end)

    return app


def fastapi() -> ASGIApp:
    """A FastAPI route that validates the same two parameters and answers a constant."""
    body = _body()
    app = FastAPI()

    @app.get(PATH)
    async def get_similar_accounts(
        hashtag: Annotated[str, Query(min_length=1, max_length=1024)],
        min_similarity: Annotated[float, Query(ge=0, le=1)] = 0.8,
    ) -> Response:
        del hashtag, min_similarity  # validated, no more
        return Response(body, media_type="application/json")

    return app


async def _live(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"].removeprefix("lifespan.")
        await send({"type": f"lifespan.{kind}.complete"})
        if kind == "shutdown":
            return


def _body() -> bytes:
    return Path(os.environ[BODY_VARIABLE]).read_bytes()

"""Whether the service runs, whether it can answer, and its metrics: GET /livez, /readyz, /metrics.

They are routes of the application, or, if the setting `ops_port` is set, of a second port alone. None of them
needs a key, counts against a limit, or waits for anything.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.problems.documents import documented_problem, send_problem
from serving.problems.kinds import MethodNotAllowed, NotFound, NotReady, Problem
from serving.state import State, StateDep

PATHS: Final = ("/livez", "/readyz", "/metrics")
_NO_STORE: Final = {"cache-control": "no-store"}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Alive(_Model):
    """The process runs and its event loop turns."""

    status: Annotated[Literal["alive"], Field(description="Always this.")] = "alive"


class RefusedSnapshot(_Model):
    """A newer snapshot that cannot be served; the one before it is still served."""

    snapshot: Annotated[str, Field(description="Its id, as far as it is known.")]
    reason: Annotated[str, Field(description="What is wrong with it.")]


class Readiness(_Model):
    """Look-ups are answered."""

    status: Annotated[Literal["ready"], Field(description="Always this.")] = "ready"
    snapshot: Annotated[str, Field(description="Id of the snapshot that is served.")]
    created: Annotated[datetime, Field(description="When it was made.")]
    refused: Annotated[RefusedSnapshot | None, Field(description="A newer one that cannot be served.")]


def livez(_state: State) -> Response:
    """The answer of /livez."""
    return Response(Alive().model_dump_json(), 200, _NO_STORE, "application/json")


def readyz(state: State) -> Response:
    """The answer of /readyz. Raises NotReady, with the reason, while look-ups cannot be answered."""
    holder = state.holder
    served, refused = holder.served, holder.refused
    reason = state.not_ready()
    if served is None or reason is not None:
        raise NotReady(f"Not ready: {reason}.")
    readiness = Readiness(
        snapshot=served.id,
        created=served.manifest.created,
        refused=None if refused is None else RefusedSnapshot(snapshot=refused.id, reason=refused.reason),
    )
    return Response(readiness.model_dump_json(), 200, _NO_STORE, "application/json")


def metrics(state: State) -> Response:
    """The answer of /metrics."""
    return Response(state.metrics.render(), 200, _NO_STORE, CONTENT_TYPE_PLAIN_0_0_4)


_ANSWERS: Final[dict[str, Callable[[State], Response]]] = dict(zip(PATHS, (livez, readyz, metrics), strict=True))


class HealthPort:
    """An application of the three paths alone, for a port of their own."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path: str = scope["path"]
        scope["state"]["route"] = path if path in _ANSWERS else None
        try:
            response = self._answer(path, scope["method"])
        except Problem as problem:
            await send_problem(scope, send, problem)
        else:
            await response(scope, receive, send)

    def _answer(self, path: str, method: str) -> Response:
        if path not in _ANSWERS:
            raise NotFound("There is nothing at this path.")
        if method not in ("GET", "HEAD"):
            raise MethodNotAllowed("This path has no such method.", headers=[("allow", "GET, HEAD")])
        return _ANSWERS[path](self._state)


def make_router() -> APIRouter:
    """The three paths as routes of the application, which its OpenAPI document describes."""
    router = APIRouter(tags=["health"])
    router.add_api_route("/livez", _get_livez, summary="Whether the process runs", response_model=Alive)
    router.add_api_route(
        "/readyz",
        _get_readyz,
        summary="Whether the service can answer look-ups",
        response_model=Readiness,
        responses={503: documented_problem("Not ready.")},
    )
    router.add_api_route("/metrics", _get_metrics, summary="Metrics for Prometheus", response_class=PlainTextResponse)
    return router


async def _get_livez(state: StateDep) -> Response:
    return livez(state)


async def _get_readyz(state: StateDep) -> Response:
    return readyz(state)


async def _get_metrics(state: StateDep) -> Response:
    return metrics(state)

"""Every error in the routes of a FastAPI application becomes a problem document."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from serving.problems.documents import problem_response
from serving.problems.kinds import (
    InternalError,
    InvalidParameter,
    MethodNotAllowed,
    NotFound,
    OtherProblem,
    Problem,
    Unauthorized,
)

_log = logging.getLogger("serving")


def install(app: FastAPI) -> None:
    """Make a problem document of every error in a FastAPI application's routes."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_unexpected)


def from_validation(errors: Sequence[Any]) -> Problem:
    """The problem of the first of pydantic's errors about a request, naming the parameter."""
    first = errors[0] if errors else {"loc": (), "msg": "cannot be read"}
    place = [str(step) for step in first["loc"]]
    parameter = ".".join(place[1:]) or (place[0] if place else None)
    message = str(first["msg"]).removeprefix("Value error, ")
    if first.get("type") == "missing":
        message = "is missing"
    elif message:
        message = message[0].lower() + message[1:]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return InvalidParameter(f"{parameter}: {message}{more}", parameter=parameter)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(request, from_validation(error.errors()))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = list((error.headers or {}).items())
    kinds: dict[int, type[Problem]] = {404: NotFound, 405: MethodNotAllowed, 401: Unauthorized}
    kind = kinds.get(error.status_code)
    if kind is MethodNotAllowed:
        headers = [("allow", "GET, HEAD")]  # no route has another, and the router knows no HEAD
    details = {404: "There is nothing at this path.", 405: "This path has no such method."}
    detail = details.get(error.status_code, str(error.detail))
    problem = OtherProblem(error.status_code, detail, headers) if kind is None else kind(detail, headers=headers)
    return problem_response(request, problem)


async def _on_unexpected(request: Request, error: Exception) -> Response:
    _log.error("unexpected error", exc_info=error)
    return problem_response(request, InternalError())

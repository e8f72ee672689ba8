"""What can go wrong with a request, as RFC 9457 problem documents: one shape for every error."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, NotRequired

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope, Send
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

PROBLEM_TYPE: Final = "application/problem+json"
_log = logging.getLogger("serving")

Headers = Sequence[tuple[str, str]]


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A failure as the client sees it. `detail` is one sentence for a person, without internals."""

    status: int = 500
    code: str = "internal-error"  # the end of `type`; stable, for programs
    title: str = "Internal error"
    retry_after: int | None = None  # seconds

    def __init__(
        self,
        detail: str,
        *,
        parameter: str | None = None,
        retry_after: int | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.parameter = parameter
        self.retry_after = self.retry_after if retry_after is None else retry_after
        self.headers: list[tuple[str, str]] = list(headers)
        if self.retry_after is not None:
            self.headers.append(("retry-after", str(self.retry_after)))


class InternalError(Problem):
    """Something unexpected; only the log says what."""

    def __init__(self) -> None:
        super().__init__("The service failed on this request.")


class BadRequest(Problem):
    """The request cannot be understood."""

    status, code, title = 400, "bad-request", "Bad request"


class Unauthorized(Problem):
    """A key is missing or unknown."""

    status, code, title = 401, "unauthorized", "Unauthorized"


class Forbidden(Problem):
    """The request is understood and refused."""

    status, code, title = 403, "forbidden", "Forbidden"


class NotFound(Problem):
    """There is no such thing in the snapshot, or no such path."""

    status, code, title = 404, "not-found", "Not found"


class MethodNotAllowed(Problem):
    """The path has no such method."""

    status, code, title = 405, "method-not-allowed", "Method not allowed"


class NotAcceptable(Problem):
    """None of the formats that the client takes is offered."""

    status, code, title = 406, "not-acceptable", "Not acceptable"


class Gone(Problem):
    """A cursor of a snapshot that is no longer served."""

    status, code, title = 410, "gone", "Gone"


class ContentTooLarge(Problem):
    """The body of the request is too large."""

    status, code, title = 413, "content-too-large", "Content too large"


class UriTooLong(Problem):
    """The URL is too long."""

    status, code, title = 414, "uri-too-long", "URI too long"


class InvalidParameter(Problem):
    """A parameter that is missing, unreadable or out of bounds."""

    status, code, title = 422, "invalid-parameter", "Invalid parameter"


class RequestTimedOut(Problem):
    """The client has taken too long to send its request."""

    status, code, title = 408, "request-timed-out", "Request timed out"


class HeadersTooLarge(Problem):
    """The request has too many headers, or too large ones."""

    status, code, title = 431, "headers-too-large", "Headers too large"

    def __init__(self) -> None:
        super().__init__("The headers of the request are too many or too large.")


class TooManyRequests(Problem):
    """The client's share is used up."""

    status, code, title = 429, "too-many-requests", "Too many requests"


class NotReady(Problem):
    """No snapshot is being served yet."""

    status, code, title = 503, "not-ready", "Not ready"
    retry_after = 2


class DamagedSnapshot(Problem):
    """A file of the snapshot could not be read."""

    status, code, title = 503, "damaged-snapshot", "Damaged snapshot"
    retry_after = 10

    def __init__(self) -> None:
        super().__init__("A file of the snapshot cannot be read.")


class Overloaded(Problem):
    """Too many requests are under way."""

    status, code, title = 503, "overloaded", "Overloaded"
    retry_after = 1


class TimedOut(Problem):
    """The answer took longer than the service allows."""

    status, code, title = 504, "timed-out", "Timed out"


class OtherProblem(Problem):
    """A status without a class above."""

    def __init__(self, status: int, detail: str, headers: Headers = ()) -> None:
        super().__init__(detail, headers=headers)
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
        self.status, self.title, self.code = status, phrase, phrase.lower().replace(" ", "-")


class ProblemDocument(TypedDict):
    """An error (RFC 9457)."""

    type: Annotated[str, Field(description="What kind of problem it is; stable, for programs.")]
    title: str
    status: int
    detail: Annotated[str, Field(description="One sentence about this request.")]
    parameter: NotRequired[Annotated[str, Field(description="The parameter that caused it.")]]
    request_id: NotRequired[Annotated[str, Field(description="Names this request in the service's log.")]]


def documented_problem(description: str) -> dict[str, Any]:
    """What FastAPI's `responses` say of an answer that is a problem document."""
    return {
        "description": description,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


class DocumentedApp(FastAPI):
    """A FastAPI application whose OpenAPI document describes problem documents: no route has them as its model."""

    def openapi(self) -> dict[str, Any]:
        """As FastAPI's."""
        document = super().openapi()
        schema = TypeAdapter(ProblemDocument).json_schema() | {"title": "Problem"}
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = schema
        return document


def problem_document(problem: Problem, request_id: str | None = None) -> ProblemDocument:
    """The problem as a document."""
    document: ProblemDocument = {
        "type": f"urn:lookalike:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.parameter is not None:
        document["parameter"] = problem.parameter
    if request_id is not None:
        document["request_id"] = request_id
    return document


def problem_bytes(problem: Problem, request_id: str | None = None) -> bytes:
    """The document as JSON in UTF-8."""
    text = json.dumps(problem_document(problem, request_id), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")  # half of a surrogate pair, as the client sent it


def request_id_of(scope: Scope) -> str | None:
    """The id that the outer layers gave to the request, if any."""
    value = scope.get("state", {}).get("request_id")
    return value if isinstance(value, str) else None


async def send_problem(scope: Scope, send: Send, problem: Problem) -> None:
    """Answer with a problem document, without Starlette's machinery; an empty body for HEAD."""
    body = problem_bytes(problem, request_id_of(scope))
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers]
    headers += [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


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


def problem_response(request: Request, problem: Problem) -> Response:
    """The problem as a Starlette response."""
    headers = dict(problem.headers) | {"cache-control": "no-store"}
    body = problem_bytes(problem, request_id_of(request.scope))
    return Response(body, problem.status, headers, media_type=PROBLEM_TYPE)

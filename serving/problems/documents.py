"""A problem as a document (RFC 9457), as an answer, and in the OpenAPI document."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, NotRequired

from fastapi import FastAPI
from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope, Send
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from serving.problems.kinds import Problem

PROBLEM_TYPE: Final = "application/problem+json"


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
        if self.openapi_schema is not None:
            return self.openapi_schema
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


def problem_response(request: Request, problem: Problem) -> Response:
    """The problem as a Starlette response."""
    headers = dict(problem.headers) | {"cache-control": "no-store"}
    body = problem_bytes(problem, request_id_of(request.scope))
    return Response(body, problem.status, headers, media_type=PROBLEM_TYPE)

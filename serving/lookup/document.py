"""The OpenAPI document: FastAPI's of its routes, and the look-up, which stands beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI

from serving.lookup.endpoint import PATH
from serving.lookup.parameters import DEFAULT_SIMILARITY, MOST_ROWS
from serving.problems import PROBLEM_TYPE
from serving.settings import Settings

_PROBLEM: Final = {
    "title": "Problem",
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "What kind of problem it is; stable, for programs."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence about this request."},
        "parameter": {"type": "string", "description": "The parameter that is to blame."},
        "request_id": {"type": "string", "description": "Names this request in the service's log."},
    },
}
_PAIRS: Final = {
    "title": "SimilarAccountPairs",
    "type": "object",
    "required": ["similar_account_pairs"],
    "additionalProperties": False,
    "properties": {
        "similar_account_pairs": {
            "type": "array",
            "description": "The most similar first, then by account ids.",
            "items": {
                "type": "array",
                "description": "Two account ids, the smaller first, and the similarity of their screen names.",
                "items": {"type": ["string", "number"]},
                "minItems": 3,
                "maxItems": 3,
            },
        }
    },
}


def complete(app: FastAPI, settings: Settings) -> None:
    """Let the application's document have the look-up and the shape of errors too."""
    made: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.setdefault("Problem", _PROBLEM)
            schemas["SimilarAccountPairs"] = _PAIRS
            document["paths"] = {PATH: {"get": _operation(settings)}} | document.get("paths", {})
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _operation(settings: Settings) -> dict[str, Any]:
    return {
        "tags": ["look-up"],
        "summary": "Similar account pairs of a hashtag",
        "description": "Every pair of accounts that used a hashtag under similar screen names. A hashtag that nobody "
        "used has none. Below the similarity that the snapshot was made for, pairs are compared on request, within "
        "bounds.",
        "operationId": "get_similar_accounts",
        "parameters": [
            _parameter(
                "hashtag",
                {"type": "string", "pattern": "[^\\s#\uff03\ufe5f]"},
                f"In any spelling, with or without #. At most {settings.max_parameter_bytes} bytes.",
                required=True,
            ),
            _parameter(
                "min_similarity",
                {"type": "number", "minimum": 0, "maximum": 1, "default": float(DEFAULT_SIMILARITY)},
                "The least similarity of a pair.",
            ),
            _parameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
                "So many pairs at most; all without it.",
            ),
            _parameter(
                "offset",
                {"type": "integer", "minimum": 0, "maximum": MOST_ROWS, "default": 0},
                "So many pairs are left out first.",
            ),
        ],
        "responses": {
            "200": {
                "description": "The pairs.",
                "headers": {"ETag": {"description": "Changes with the snapshot.", "schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SimilarAccountPairs"}}},
            },
            "304": {"description": "The client has this answer already (If-None-Match)."},
            "414": _problem("The URL is too long."),
            "422": _problem("A parameter is missing, unreadable or out of bounds; the problem names it."),
            "503": _problem("No snapshot is served, or too many requests are under way."),
            "504": _problem("The answer took too long."),
        },
    }


def _parameter(name: str, schema: dict[str, Any], description: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }

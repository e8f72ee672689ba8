"""The page of the API, made from the service's OpenAPI document."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from scripts.reference.markdown import code, head, joined, sentence, table
from serving.app import create_app
from serving.settings import Settings

_INTRODUCTION = """\
The paths that the service answers. A running service has the same with all schemas on `/docs`, and for programs on
`/openapi.json`. [Serve the results](../how-to/serve-the-results.md) says how to start it."""

Document = Mapping[str, Any]


def page() -> str:
    """The page in Markdown."""
    blocks = [head("API", _INTRODUCTION, "the service's OpenAPI document")]
    for path, methods in _document()["paths"].items():
        for method, operation in methods.items():
            blocks += _operation(method, path, operation)
    return joined(blocks)


def _document() -> Document:
    """The OpenAPI document of a service with default settings. It needs no snapshot."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_get(Settings(output=Path(folder), access_log=False), "/openapi.json"))


async def _get(settings: Settings, path: str) -> Document:
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return (await client.get(path)).raise_for_status().json()


def _operation(method: str, path: str, operation: Document) -> Iterator[str]:
    yield f"## {method.upper()} {path}"
    yield operation.get("description") or sentence(operation["summary"])
    parameters = operation.get("parameters", [])
    if parameters:
        yield table(("parameter", "value", "meaning"), [_parameter(one) for one in parameters])
    rows = [(status, _one_line(answer["description"])) for status, answer in operation["responses"].items()]
    yield table(("status", "meaning"), rows)


def _parameter(parameter: Document) -> tuple[str, str, str]:
    schema = parameter.get("schema", {})
    name = code(parameter["name"]) + (" (required)" if parameter.get("required") else "")
    default = f", default {code(schema['default'])}" if schema.get("default") not in (None, "") else ""
    return name, _values(schema) + default, _meaning(parameter)


def _meaning(parameter: Document) -> str:
    """The description; FastAPI leaves that of an optional parameter of a type with a name in its schema."""
    kinds = parameter.get("schema", {}).get("anyOf", [])
    found = [one["description"] for one in (parameter, *kinds) if "description" in one]
    return _one_line(found[0]) if found else ""


def _values(schema: Document) -> str:
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return " or ".join(
        ", ".join(map(code, one["enum"])) if "enum" in one else str(one.get("type", "")) for one in kinds
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())

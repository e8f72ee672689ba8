"""GET /docs: the OpenAPI document as a page that needs no internet, and nothing but files of this service.

The page is complete without its script, which only sends requests from it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

router = APIRouter(include_in_schema=False)

_ASSETS: Final = Path(__file__).parent / "assets"
_CACHED: Final = {"cache-control": "public, max-age=3600"}
_REFERENCE: Final = "#/components/schemas/"

Schema = Mapping[str, Any]


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The page."""
    state = request.app.state
    if not hasattr(state, "docs_page"):  # made once: it takes some milliseconds
        state.docs_page = render(request.app.openapi())
    return Response(state.docs_page, media_type="text/html")


@router.get("/docs/")
async def docs_folder() -> Response:
    """To the page, whose links are relative to its own place."""
    return Response(status_code=307, headers={"location": "../docs"})


@router.get("/docs/docs.css")
async def stylesheet() -> Response:
    """How it looks."""
    return Response(_asset("docs.css"), headers=_CACHED, media_type="text/css")


@router.get("/docs/docs.js")
async def script() -> Response:
    """How requests are sent from it."""
    return Response(_asset("docs.js"), headers=_CACHED, media_type="text/javascript")


@lru_cache
def _asset(name: str) -> bytes:
    return (_ASSETS / name).read_bytes()


def render(document: Schema) -> str:
    """The page for an OpenAPI document."""
    info = document["info"]
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    contents = "".join(
        f'<li><a href="#{_anchor(method, path)}"><code>{_text(path)}</code></a> {_text(operation.get("summary", ""))}'
        for method, path, operation in operations
    )
    schemas = document.get("components", {}).get("schemas", {})
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(info["title"])}: API</title>
<link rel="stylesheet" href="docs/docs.css">
<link rel="icon" href="data:,">
<script defer src="docs/docs.js"></script>
<header>
<h1>{_text(info["title"])} <small>{_text(info["version"])}</small></h1>
<p>{_text(info.get("summary", ""))}
<p>The same for programs: <a href="openapi.json">openapi.json</a>
<p class="key" hidden><label>API key, if the service asks for one <input id="key" type="password" autocomplete="off">
</label>
</header>
<nav><ul>{contents}</ul></nav>
<main>
{"".join(_operation(*each) for each in operations)}
<h2 id="schemas">Schemas</h2>
{"".join(_schema(name, schema) for name, schema in schemas.items())}
</main>
</html>
"""


def _operation(method: str, path: str, operation: Schema) -> str:
    parameters = operation.get("parameters", [])
    fields = "".join(_parameter(parameter) for parameter in parameters)
    table = f"<table><tr><th>Parameter<th>Value<th>Meaning{fields}</table>" if parameters else "<p>No parameters.</p>"
    responses = "".join(_response(status, response) for status, response in operation["responses"].items())
    return f"""<section id="{_anchor(method, path)}">
<h2><b>{method.upper()}</b> <code>{_text(path)}</code></h2>
<p>{_text(operation.get("description") or operation.get("summary", ""))}
<form data-method="{method.upper()}" data-path="{_text(path)}">
{table}
<button hidden>Send</button> <output></output>
</form>
<table><tr><th>Status<th>Meaning<th>Body{responses}</table>
</section>
"""


def _parameter(parameter: Schema) -> str:
    schema = _first(parameter.get("schema", {}))
    name, required = _text(parameter["name"]), parameter.get("required", False)
    marks = f'name="{name}" data-in="{_text(parameter["in"])}"' + (" required" if required else "")
    if "enum" in schema:
        options = "".join(f"<option>{_text(value)}" for value in schema["enum"])
        field = f'<select {marks}><option value="">{options}</select>'
    else:
        default = parameter.get("schema", {}).get("default", "")
        field = f'<input {marks} placeholder="{_text("" if default is None else default)}">'
    needed = " <em>required</em>" if required else ""
    meaning = _text(parameter.get("description", ""))
    return f"<tr><td><label><code>{name}</code>{needed}</label><td>{field}<td>{meaning} <i>{_kind(schema)}</i>"


def _response(status: str, response: Schema) -> str:
    bodies = "<br>".join(
        f"<code>{_text(media)}</code> {_kind(body.get('schema', {}))}"
        for media, body in response.get("content", {}).items()
    )
    return f"<tr><td>{_text(status)}<td>{_text(response.get('description', ''))}<td>{bodies}"


def _schema(name: str, schema: Schema) -> str:
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{_text(field)}</code>{'' if field in required else ' <em>optional</em>'}"
        f"<td>{_kind(each)}<td>{_text(each.get('description', ''))}"
        for field, each in schema.get("properties", {}).items()
    )
    return (
        f'<section id="schema-{_text(name)}"><h3>{_text(name)}</h3><p>{_text(schema.get("description", ""))}'
        f"<table><tr><th>Field<th>Type<th>Meaning{rows}</table></section>\n"
    )


def _kind(schema: Schema) -> str:
    """The type that a schema describes, in a few words, with links to other schemas."""
    if "$ref" in schema:
        name = _text(schema["$ref"].removeprefix(_REFERENCE))
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}" if "items" in schema else "list"
    return " ".join([_text(schema.get("format") or schema.get("type") or "anything"), *_bounds(schema)])


def _bounds(schema: Schema) -> Iterator[str]:
    if "enum" in schema:
        yield ", ".join(_text(json.dumps(value)) for value in schema["enum"])
    for key, words in (
        ("minimum", "from"),
        ("maximum", "to"),
        ("maxLength", "of at most"),
    ):
        if schema.get(key) is not None:
            yield f"{words} {_text(schema[key])}" + (" characters" if key == "maxLength" else "")
    if schema.get("default") is not None:
        yield f"(by default {_text(schema['default'])})"


def _first(schema: Schema) -> Schema:
    """The schema of a parameter, without the null of an optional one."""
    return next((each for each in schema.get("anyOf", []) if each.get("type") != "null"), schema)


def _anchor(method: str, path: str) -> str:
    return _text(f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""))


def _text(value: object) -> str:
    return html.escape(str(value))

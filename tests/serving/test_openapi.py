"""Whether the OpenAPI document is true: schemathesis sends what it allows and what it forbids, and looks."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.examples import TIMES

from .conftest import Published
from .running import Service

EXAMPLES = 3 * TIMES  # requests an operation and phase


def schemathesis(service: Service, folder: Path, configuration: str = "") -> None:
    """Run its command with all checks and phases; fail with its output if it found anything."""
    (folder / "schemathesis.toml").write_text(configuration)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"]
    options = ["--checks", "all", "--max-examples", str(EXAMPLES), "--continue-on-failure", "--no-color"]
    done = subprocess.run(
        [*command, f"{service.url}/openapi.json", *options], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout or "warning" in done.stdout, done.stdout
    assert re.search(r"Selected: (\d+)/\1\n", done.stdout), done.stdout


@pytest.mark.random
def test_every_check_passes_on_any_request(medium_service: Service, tmp_path: Path) -> None:
    schemathesis(medium_service, tmp_path)


@pytest.mark.random
def test_every_check_passes_on_requests_for_what_there_is(
    medium_snapshot: Published, medium_service: Service, tmp_path: Path
) -> None:
    hashtag, a, b, *_ = medium_snapshot.known.pairs("0.9")[0]
    values = {"hashtag": hashtag, "id": a, "a": a, "b": b}
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    schemathesis(medium_service, tmp_path, "\n".join(["[parameters]", *lines]))


def test_every_route_of_the_contract_is_documented(medium_service: Service) -> None:
    document = medium_service.client.get("/openapi.json").json()
    assert set(document["paths"]) >= {
        "/api/get_similar_accounts",
        "/api/v1/hashtags",
        "/api/v1/hashtags/{hashtag}",
        "/api/v1/hashtags/{hashtag}/pairs",
        "/api/v1/accounts/{id}",
        "/api/v1/compare",
        "/api/v1/snapshot",
    }


def test_every_answer_under_v1_has_a_closed_schema_and_every_error_is_a_problem(medium_service: Service) -> None:
    document = medium_service.client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        if path.startswith("/api/v1"):
            for status, response in methods["get"]["responses"].items():
                for media_type, body in response.get("content", {}).items():
                    if status != "200":
                        assert (media_type, reference(body)) == ("application/problem+json", "Problem")
                    elif media_type == "application/json":
                        assert document["components"]["schemas"][reference(body)]["additionalProperties"] is False


def reference(body: Any) -> str:
    name: str = body["schema"]["$ref"].removeprefix("#/components/schemas/")
    return name


class Page(HTMLParser):
    """What a page loads, links to, and would run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.inline: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "a":
            self.links.append(given["href"])
        elif tag in ("link", "script", "img", "iframe"):
            self.loads.append(given.get("src") or given.get("href") or "")
        self._script = tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)


@pytest.fixture
def page(medium_service: Service) -> Page:
    answer = medium_service.client.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


def test_the_docs_need_nothing_from_elsewhere(medium_service: Service, page: Page) -> None:
    assert sorted(page.loads) == ["data:,", "docs/docs.css", "docs/docs.js"]
    for name, kind in (("css", "text/css"), ("js", "text/javascript")):
        answer = medium_service.client.get(f"/docs/docs.{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "http:" not in answer.text
        assert "https:" not in answer.text


def test_the_docs_hold_to_the_strict_policy(medium_service: Service, page: Page) -> None:
    policy = medium_service.client.get("/docs").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert page.inline == []


def test_the_docs_have_every_route_and_no_link_leads_nowhere(medium_service: Service, page: Page) -> None:
    document = medium_service.client.get("/openapi.json").json()
    text = medium_service.client.get("/docs").text
    for path in document["paths"]:
        assert f'data-path="{path}"' in text
    assert {link for link in page.links if not link.startswith("#")} == {"openapi.json"}
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= page.anchors

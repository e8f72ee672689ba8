"""The page about security: its tests are there, its bounds are those of the code, and every bound is on it."""

import ast
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jobs.options.config import JobConfig
from serving.settings import Settings

from .project import ROOT

PAGE = ROOT / "docs/explanation/security.md"
# Which bound what one client or one input can take, and so must be on the page.
BOUNDS = re.compile(
    r"(max_(?!limit|generations|fall|candidates)|live_max_)\w+|\w+_timeout_seconds|keep_alive_seconds|unsent_bytes"
)


class Promise(NamedTuple):
    """A row of a table of promises; tests: the paths and names that it gives."""

    promise: str
    bounds: list[tuple[str, str]]
    tests: list[tuple[str, str]]


def bounds_in(text: str) -> list[tuple[str, str]]:
    """Settings and options with their values."""
    return [(name, value.rstrip(".,")) for name, value in re.findall(r"`([\w-]+)` = ([\w.]+)", text)]


def promises() -> list[Promise]:
    rows = [
        re.split(r" *\| *", line.strip("| "))
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if "::" in line
    ]
    return [Promise(row[0], bounds_in(row[1]), re.findall(r"`([\w/.]+)::(\w+)`", row[-1])) for row in rows]


PROMISES = promises()


@pytest.mark.parametrize("promise", PROMISES, ids=[promise.promise for promise in PROMISES])
def test_the_tests_of_a_promise_exist(promise: Promise) -> None:
    assert promise.tests
    for path, name in promise.tests:
        assert name in names_in(ROOT / path), f"{path}::{name}"


def names_in(path: Path) -> set[str]:
    """The tests of a file."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def default(name: str) -> Any:
    """Of a setting of the service, or of an option of the job."""
    if name.startswith("--"):
        return JobConfig.model_fields[name.removeprefix("--").replace("-", "_")].default
    return Settings.model_fields[name].default


def test_bounds_are_the_defaults() -> None:
    told = dict(bounds_in(PAGE.read_text(encoding="utf-8")))
    assert told == {name: written(default(name)) for name in told}


def written(value: Any) -> str:
    """As the page writes it."""
    if value in (None, ()):
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_every_bound_of_the_service_is_on_the_page() -> None:
    told = {name for name, _ in bounds_in(PAGE.read_text(encoding="utf-8"))}
    assert {name for name in Settings.model_fields if BOUNDS.fullmatch(name)} - told == set()


def test_the_page_is_read_as_it_is_meant() -> None:
    """Every row that names a test is a promise with all of its tests, and values come without what follows them."""
    named = PAGE.read_text(encoding="utf-8").count(".py::test_")
    assert sum(len(promise.tests) for promise in PROMISES) == named > len(PROMISES) > 30
    assert bounds_in("`max_headers` = 100, `host` = 127.0.0.1, `--max-pairs` = 5.") == [
        ("max_headers", "100"),
        ("host", "127.0.0.1"),
        ("--max-pairs", "5"),
    ]
    assert names_in(Path(__file__)) >= {"test_bounds_are_the_defaults"}
    assert "test_of_nothing" not in names_in(Path(__file__))

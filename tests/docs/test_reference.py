"""The reference pages are what the code says, and the links and paths of all pages lead somewhere."""

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lookalike import errors
from lookalike.tables import TABLES
from scripts.make_reference import FOLDER, PAGES
from scripts.reference.snapshotformat import newest_rows
from serving.settings import Settings

from . import documents
from .documents import blocks, headings, name_of, table
from .project import ROOT


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_make_reference_writes(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "make reference"


def test_every_exit_code_is_explained_for_schedules() -> None:
    kinds: list[type[errors.JobError]] = [errors.JobError, *errors.JobError.__subclasses__()]
    rows = table(ROOT / "docs/how-to/schedule-runs.md", "| exit code |")
    assert {int(code) for row in rows for code in row[0].split(",")} == {0, *(kind.exit_code for kind in kinds)}


def test_the_rule_of_generations_is_the_same_everywhere() -> None:
    page = ROOT / "docs/explanation/incremental-runs.md"
    assert blocks(page.read_text(encoding="utf-8"), "sql") == [newest_rows(TABLES["members"]) + "\n"]


@pytest.mark.parametrize("page", documents.PAGES, ids=name_of)
def test_paths_in_the_documents_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = {page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text)}
    folders = "jobs|lookalike|serving|bench|conf|scripts|tests|docs|deploy"
    named = {ROOT / path for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", text)}
    assert sorted(str(path) for path in links | named if not path.exists()) == []


@pytest.mark.parametrize("page", documents.PAGES, ids=name_of)
def test_links_lead_to_headings_that_exist(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    targets = [(page.parent / link if link else page, anchor) for link, anchor in links]
    assert [(name_of(to.resolve()), anchor) for to, anchor in targets if anchor not in headings(to)] == []


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")} - {"README.md"}
    assert sorted(page for page in pages if f"({page})" not in index) == []


def test_the_layers_in_the_architecture_are_those_that_are_checked() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    block = next(block for block in blocks(page, "") if block.startswith("jobs "))
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    checked = [[_local_names(layer) for layer in one["layers"]] for one in contracts if "layers" in one]
    assert sorted(_drawn(block)) == sorted(checked)


def test_the_bounds_in_the_settings_page_are_those_of_the_model() -> None:
    """Written as [1, 256], or (0, 600] if the lower one is not allowed."""
    properties = Settings.model_json_schema()["properties"]
    written, checked = {}, {}
    for section in (FOLDER / "settings.md").read_text(encoding="utf-8").split("\n### ")[1:]:
        heading, _, text = section.partition("\n")
        written[heading] = re.findall(r"[\[(][\d.]+, \d+\]", " ".join(text.split()))
        settings = [properties[name] for name in re.findall(r"`([a-z_]+)`", heading)]
        checked[heading] = [
            bounds for one in settings for kind in one.get("anyOf", [one]) for bounds in _bounds(kind)
        ]
    assert written == checked


def _bounds(schema: dict[str, Any]) -> list[str]:
    if "maximum" not in schema:
        return []
    if "exclusiveMinimum" in schema:
        return [f"({schema['exclusiveMinimum']:g}, {schema['maximum']}]"]
    return [f"[{schema['minimum']}, {schema['maximum']}]"]


def _local_names(layer: str) -> str:
    return " | ".join(name.rpartition(".")[2] for name in layer.split(" | "))


def _drawn(block: str) -> list[list[str]]:
    """The lists of layers in a block of columns. Each has a title and an empty line above it."""
    first, *lines = block.splitlines()
    starts = [match.start() for match in re.finditer(r"\S+", first)]
    columns = [[line[start:end].strip() for line in lines] for start, end in itertools.pairwise([*starts, None])]
    parts = [part.split("\n") for column in columns for part in "\n".join(column).strip().split("\n\n")]
    return [part for part in parts if not (len(part) == 1 and "." in part[0])]

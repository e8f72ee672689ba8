"""The pages of the documentation, and the blocks of code in them.

A block's language says what a test does with it: `console` is run and its output compared; `sh` is a command whose
options must exist; `python` and `sql` (in DuckDB) are run, and the next `text` is what they print; `bash` starts the
service or asks it.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .project import ROOT

README = ROOT / "README.md"
TUTORIAL = ROOT / "docs/tutorial/first-run.md"
EXPORT_TUTORIAL = ROOT / "docs/tutorial/from-an-export.md"
OPEN_A_SNAPSHOT = ROOT / "docs/how-to/open-a-snapshot.md"
PAGES = sorted([README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")])


class Example(NamedTuple):
    """A command and what it prints."""

    command: str
    output: str


class Program(NamedTuple):
    """A program in Python and what it prints. name: the heading that it is under."""

    name: str
    source: str
    output: str


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def examples(page: Path) -> list[Example]:
    """The commands of all console blocks, each with what follows it."""
    found = blocks(page.read_text(encoding="utf-8"), "console")
    parts = [part for block in found for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [Example(*part.split("\n", 1)) for part in parts]


def programs(page: Path) -> list[Program]:
    """A program for each section that has one. It begins with what the page has before its first section."""
    before, *sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    beginning = "\n".join(blocks(before, "python"))
    return [
        Program(
            name=section.partition("\n")[0],
            source="\n".join([beginning, *blocks(section, "python"), *map(_in_duckdb, blocks(section, "sql"))]),
            output="".join(blocks(section, "text")),
        )
        for section in sections
        if blocks(section, "python") or blocks(section, "sql")
    ]


def _in_duckdb(query: str) -> str:
    return f"import duckdb\nprint(duckdb.sql({query!r}))"


def shell_commands(page: Path) -> Iterator[list[str]]:
    """The commands of all sh blocks in words, without comments and variables of the environment before them."""
    for block in blocks(page.read_text(encoding="utf-8"), "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and re.match(r"[A-Z_]+=", words[0]):
                del words[0]
            if words:
                yield words


def table(page: Path, before: str) -> list[list[str]]:
    """The rows of the first table from `before` on, as lists of cells."""
    text = page.read_text(encoding="utf-8")
    found = re.search(r"(?:^\|.*\n)+", text[text.index(before) :], re.MULTILINE)
    assert found is not None
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in found[0].splitlines()]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows[2:]]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in found}

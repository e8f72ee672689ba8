"""The README is true: its commands are run, its output compared, its tables held against the code."""

import fcntl
import re
import shlex
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from jobs.inputs.tables import ACCOUNTS, POSTS
from jobs.options.cli import parse_arguments
from jobs.options.config import JobConfig
from lookalike import errors
from lookalike.tables import TABLES, Table

from .project import ROOT, Project

README = (ROOT / "README.md").read_text(encoding="utf-8")

# What differs from run to run. Everything else that a command prints must be what the README shows.
MASKS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{6}\b"), "<snapshot>"),
    (re.compile(r"(?<=^seconds  ).*$", re.MULTILINE), lambda line: re.sub(r"\d+\.\d", "<seconds>", line[0])),
    (re.compile(r"(?<= MB in )\d+\.\d(?= s$)", re.MULTILINE), "<seconds>"),
]


class Example(NamedTuple):
    command: str
    output: str


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def examples() -> list[Example]:
    """The commands of all console blocks, each with what follows it."""
    parts = [part for block in blocks("console") for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [Example(*part.split("\n", 1)) for part in parts]


def masked(output: str) -> list[str]:
    for pattern, mask in MASKS:
        output = pattern.sub(mask, output)
    return output.splitlines()


def table_after(before: str) -> list[list[str]]:
    """The rows of the first table after `before`, as lists of cells."""
    found = re.search(r"(?:^\|.*\n)+", README[README.index(before) :], re.MULTILINE)
    assert found is not None
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in found[0].splitlines()]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows[2:]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project, set up; `make demo` has to run in it before anything else of the README."""
    if not (ROOT / ".venv/bin/python").exists():
        pytest.skip("needs .venv: make test")
    folder = ROOT / ".cache/readme"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test run may be at it
        project = Project(folder, tmp_path_factory.mktemp("home"))
        project.fill()
        project.set_up()
        yield project


def test_commands_print_what_the_readme_shows(project: Project) -> None:
    assert examples()[0].command == "make demo"
    for example in examples():
        assert masked(project.run("bash", "-c", example.command)) == masked(example.output), example.command
    program = "\n".join(blocks("python"))
    assert project.run(".venv/bin/python", "-", given=program).strip() == "".join(blocks("text")).strip()


def test_the_service_answers_what_the_readme_shows(project: Project) -> None:
    starts, asked = (block.splitlines() for block in blocks("bash"))
    question, answer = asked
    url = shlex.split(question)[1]
    with project.serving(starts[0].partition("#")[0]) as client:
        assert client.get(url.removeprefix("http://127.0.0.1:8080")).text.startswith(answer.removesuffix(" ..."))


def test_the_demo_ends_with_commands_of_the_readme() -> None:
    *_, look_up, _, own_files = examples()[0].output.splitlines()
    assert any(example.command.startswith(look_up.strip()) for example in examples())
    assert own_files.strip() in "".join(blocks("sh"))


def test_the_commands_for_own_files_have_options_that_exist() -> None:
    commands = [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]
    assert commands
    for program, *arguments in commands:
        assert program == "./spark-submit.sh"
        own = arguments[arguments.index("--") + 1 :] if "--" in arguments else arguments
        parse_arguments(own)


def test_every_option_is_listed_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    helped = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", capsys.readouterr().out.split("examples:")[0]))
    rows = table_after("| option |")
    listed = [(re.findall(r"--[a-z-]+", row[0])[0], row[1]) for row in rows]
    assert {option for row in rows for option in re.findall(r"--[a-z-]+", row[0])} == helped
    shown = {True: "on", False: "off", None: "none"}
    for name, field in JobConfig.model_fields.items():
        default = "" if field.is_required() else shown.get(field.default, f"`{field.default}`")
        assert dict(listed)[f"--{name.replace('_', '-')}"] == default


def test_every_exit_code_is_listed() -> None:
    kinds: list[type[errors.JobError]] = [errors.JobError, *errors.JobError.__subclasses__()]
    assert {int(row[0]) for row in table_after("| exit code |")} == {0, *(kind.exit_code for kind in kinds)}


def test_input_columns_are_those_that_the_job_reads() -> None:
    documented = {row[0]: tuple(re.findall(r"`([a-z_]+)`", row[1])) for row in table_after("| input |")}
    assert documented == {table.name: table.columns for table in (POSTS, ACCOUNTS)}


@pytest.mark.parametrize("table", [table for table in TABLES.values() if not table.internal], ids=lambda t: t.name)
def test_output_columns_are_those_of_the_table(table: Table) -> None:
    documented = [row[:2] for row in table_after(f"**{table.name}**")]
    assert documented == [[column.name, str(column.type)] for column in table.columns]


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_paths_in_the_documents_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = {(ROOT / document).parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text)}
    named = {
        ROOT / path for path in re.findall(r"`((?:jobs|lookalike|bench|conf|scripts|tests|docs)/[\w./-]*)`", text)
    }
    assert sorted(str(path) for path in links | named if not path.exists()) == []

"""The documentation is true: its commands are run and their output compared."""

import fcntl
import importlib.util
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.options.cli import parse_arguments
from jobs.snapshots.__main__ import _parser as snapshots_parser

from .documents import (
    EXPORT_TUTORIAL,
    OPEN_A_SNAPSHOT,
    PAGES,
    README,
    TUTORIAL,
    Program,
    blocks,
    examples,
    name_of,
    programs,
    shell_commands,
)
from .project import ROOT, Project

# What differs from run to run. Everything else that a command prints must be what the page shows.
MASKS: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{6}\b"), "<snapshot>"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?(?= UTC)"), "<time>"),
    (re.compile(r"(?<=; all )\d+(?= files are there)"), "<files>"),  # some tables have a file for each core
    (re.compile(r"  estimate \d+\.\d"), ""),  # only where the disk has so little room that a run looks ahead
    (re.compile(r"(?<=^seconds  ).*$", re.MULTILINE), lambda line: re.sub(r"\d+\.\d", "<seconds>", line[0])),
    (re.compile(r"^/\S*(?=/docs/tutorial/data/)", re.MULTILINE), "<folder>"),
    (re.compile(r"(?<= MB in )\d+\.\d(?= s$)", re.MULTILINE), "<seconds>"),
]


def masked(output: str) -> list[str]:
    for pattern, mask in MASKS:
        output = pattern.sub(mask, output)
    return [line.rstrip() for line in output.splitlines()]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project, set up; `make demo` has run in it, which is the first command of the README."""
    if not (ROOT / ".venv/bin/python").exists():
        pytest.skip("needs .venv: make test")
    folder = ROOT / ".cache/readme"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test run may be at it
        project = Project(folder, tmp_path_factory.mktemp("home"))
        project.fill()
        project.set_up()
        demo, *_ = examples(README)
        assert demo.command == "make demo"
        assert masked(project.run("make", "demo")) == masked(demo.output)
        yield project


@pytest.fixture
def run(project: Project) -> Callable[[Path], None]:
    def run(page: Path) -> None:
        for example in examples(page):
            if example.command != "make demo":
                printed = project.run("bash", "-c", example.command)
                assert masked(printed) == masked(example.output), example.command

    return run


# The tests run in this order: the tutorial adds a snapshot to the output of the demo and comes last.


def test_commands_of_the_readme_print_what_it_shows(run: Callable[[Path], None]) -> None:
    run(README)


def test_the_picture_is_of_the_demo(project: Project) -> None:
    drawn = project.run(".venv/bin/python", "scripts/draw_network.py", ".cache/demo/output", "workerfuture")
    assert drawn == (ROOT / "docs/images/workerfuture.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("program", programs(OPEN_A_SNAPSHOT), ids=lambda program: program.name)
def test_other_readers_find_what_the_page_shows(project: Project, program: Program) -> None:
    if "import polars" in program.source and importlib.util.find_spec("polars") is None:
        pytest.skip("polars is not among the requirements")
    quick_start = "JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # half of Spark's processor time
    printed = project.run("env", quick_start, ".venv/bin/python", "-", given=program.source)
    assert printed.strip() == program.output.strip()


def test_the_service_answers_what_the_readme_shows(project: Project) -> None:
    starts, asked = (block.splitlines() for block in blocks(README.read_text(encoding="utf-8"), "bash"))
    question, answer = asked
    url = shlex.split(question)[1]
    with project.serving(starts[0].partition("#")[0]) as client:
        assert client.get(url.removeprefix("http://127.0.0.1:8080")).text.startswith(answer.removesuffix(" ..."))


def test_commands_of_the_tutorial_print_what_it_shows(run: Callable[[Path], None]) -> None:
    run(TUTORIAL)


@pytest.mark.thorough
def test_commands_of_the_tutorial_on_an_export_print_what_it_shows(run: Callable[[Path], None]) -> None:
    run(EXPORT_TUTORIAL)


def test_the_demo_ends_with_commands_of_the_readme() -> None:
    demo, *others = examples(README)
    *_, look_up, _, own_files = demo.output.splitlines()
    assert any(example.command.startswith(look_up.strip()) for example in others)
    assert shlex.split(own_files) in list(shell_commands(README))


@pytest.mark.parametrize("page", [page for page in PAGES if any(shell_commands(page))], ids=name_of)
def test_commands_have_options_that_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for program, *arguments in shell_commands(page):
        if program == "./spark-submit.sh":
            parse_arguments(arguments[arguments.index("--") + 1 :] if "--" in arguments else arguments)
        elif program == "make":
            assert f"\n{arguments[0]}:" in makefile
        elif arguments[:2] == ["-m", "jobs.snapshots"]:
            snapshots_parser().parse_args(arguments[2:])
        elif arguments[:1] == ["-m"]:
            assert importlib.util.find_spec(arguments[1])
        else:
            pytest.fail(f"no test knows this command: {program}")

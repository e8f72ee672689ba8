"""The job through a Spark Connect server: no Java and no SparkContext on the driver's side."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from tests.job.command import ROOT

from .connect import ConnectServer, kept_blocks
from .running import FILES, Inputs, of_a_submitter, published, published_alone, run_to_end
from .standalone import Standalone

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def server(standalone: Standalone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectServer]:
    standalone.keep_workers(2)
    with ConnectServer(tmp_path_factory.mktemp("connect"), standalone.url) as running:
        yield running


def submit(remote: str, log: Path, options: list[str | Path], **variables: str) -> int:
    """The exit code of the real command, which finds no Java; what it prints goes to the log."""
    environment = of_a_submitter() | {"JAVA_HOME": "/nowhere", "PATH": "/usr/bin:/bin"} | variables
    return run_to_end([ROOT / "spark-submit.sh", "--remote", remote, "--", *options], environment, log)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.mark.parametrize("python", ["packed", "the machines' own"])
def test_a_full_run_and_one_that_adds_publish_what_one_process_does(
    server: ConnectServer,
    standalone: Standalone,
    inputs: Inputs,
    alone: dict[str, Any],
    tmp_path: Path,
    log: Path,
    python: str,
) -> None:
    variables = {} if python == "packed" else {"PYSPARK_PYTHON": str(ROOT / ".venv/bin/python")}
    output = tmp_path / "out"
    assert submit(server.url, log, inputs.options(output, FILES - 1), **variables) == 0, log.read_text()
    assert published(output) == published_alone(inputs, tmp_path / "alone", FILES - 1)

    assert submit(server.url, log, inputs.options(output), **variables) == 0, log.read_text()
    mode = Snapshot.open(FolderOutput(output)).manifest.mode
    assert mode is not None
    assert (mode.name, mode.files) == ("incremental", 1)
    work = {"candidates": 0, "verified": 0, "names_once": False}  # what was done on the way
    result = published(output)
    assert result | {"counts": result["counts"] | work} == alone | {"counts": alone["counts"] | work}
    assert kept_blocks(standalone.workers) == []


def test_a_run_that_fails_leaves_nothing_with_the_server(
    server: ConnectServer, standalone: Standalone, inputs: Inputs, tmp_path: Path, log: Path
) -> None:
    options = [*inputs.options(tmp_path / "out"), "--max-candidates", "1"]
    assert submit(server.url, log, options) == 5
    assert log.read_text().startswith("error: ")
    assert kept_blocks(standalone.workers) == []


def test_what_cannot_be_used_is_told_in_one_line(
    server: ConnectServer, inputs: Inputs, tmp_path: Path, log: Path
) -> None:
    options = inputs.options(tmp_path / "out")
    assert submit("sc://127.0.0.1:1", log, options) == 2
    (line,) = log.read_text().splitlines()
    assert line.startswith("error: 127.0.0.1:1: no session of Spark Connect: failed to connect")
    assert submit(server.url, log, [*options, "--exchange", "folder"]) == 2
    assert log.read_text() == "error: --exchange folder: rows go through the shuffle with Spark Connect\n"
    assert not (tmp_path / "out/CURRENT").exists()

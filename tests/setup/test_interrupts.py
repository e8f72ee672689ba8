"""Ctrl-C while the commands are still loading their modules: no stack trace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIGNAL = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(1)\n"


JOB = ("jobs/similar_accounts.py", "--posts=p", "--accounts=a")


def run(folder: Path, *command: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command that finds the modules of a folder before others."""
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    arguments = [sys.executable, *command]
    done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("command", "module"),
    [
        (("-m", "jobs.snapshots", "list", "out"), "numpy"),
        (("-m", "serving"), "uvicorn"),
        ((*JOB, "--output=out"), "pydantic"),
    ],
)
def test_an_interrupted_start_just_ends(tmp_path: Path, command: tuple[str, ...], module: str) -> None:
    (tmp_path / f"{module}.py").write_text(SIGNAL)
    assert run(tmp_path, *command) == (-signal.SIGINT, "", "")


def test_a_module_whose_loading_was_interrupted_is_not_loaded_again(tmp_path: Path) -> None:
    (tmp_path / "pyspark.py").write_text("import sys\nsys.modules['jobs.reporting.runrecord'] = None\n" + SIGNAL)
    ended = run(tmp_path, *JOB, f"--output={tmp_path / 'out'}")
    assert ended == (1, "", "error: interrupted; nothing was published\n")

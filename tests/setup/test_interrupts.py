"""Ctrl-C while the commands are still loading their modules: no stack trace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIGNAL = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(1)\n"


@pytest.mark.parametrize(
    ("command", "module"),
    [
        (("-m", "jobs.snapshots", "list", "out"), "numpy"),
        (("-m", "serving"), "uvicorn"),
        (("jobs/similar_accounts.py", "--posts", "p", "--accounts", "a", "--output", "out"), "pydantic"),
    ],
)
def test_an_interrupted_start_just_ends(tmp_path: Path, command: tuple[str, ...], module: str) -> None:
    (tmp_path / f"{module}.py").write_text(SIGNAL)
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_module_whose_loading_was_interrupted_is_not_loaded_again(tmp_path: Path) -> None:
    (tmp_path / "pyspark.py").write_text(
        "import sys\nsys.modules['pydantic_core'] = None\nsys.modules['httpx'] = None\n"
        "sys.modules['jobs.reporting.runrecord'] = None\n" + SIGNAL
    )
    done = subprocess.run(
        [
            sys.executable,
            "jobs/similar_accounts.py",
            "--posts",
            "p",
            "--accounts",
            "a",
            "--output",
            str(tmp_path / "out"),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "error: interrupted; nothing was published\n")

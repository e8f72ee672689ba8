"""The real command, and the same without Spark and without a process of its own."""

import contextlib
import io
import subprocess
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from jobs import similar_accounts

from . import localspark

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """./spark-submit.sh with these arguments, running."""
    command: Sequence[str] = [str(ROOT / "spark-submit.sh"), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")


def submit(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The same, ended: all its processes, Java too, since they share stderr."""
    with start(*arguments) as process:
        stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


def submit_alone(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What the command's main function returns and prints in this process, in some hundredths of a second.

    There is no Spark, and its own options cannot be given.
    """
    spark: Future[Any] = Future()
    spark.set_result(localspark.engine(2))
    with (
        pytest.MonkeyPatch.context() as patched,
        contextlib.redirect_stdout(io.StringIO()) as stdout,
        contextlib.redirect_stderr(io.StringIO()) as stderr,
    ):
        patched.setattr("jobs.spark.session.start_spark", lambda _: spark)
        patched.setattr("signal.signal", lambda *_: None)  # this process keeps its own
        patched.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
        for name in ("disable", "freeze"):
            patched.setattr(f"gc.{name}", lambda: None)  # this process goes on
        code = similar_accounts.main([str(argument) for argument in arguments])
    return subprocess.CompletedProcess(arguments, code, stdout.getvalue(), stderr.getvalue())

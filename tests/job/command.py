"""The real command."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

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

"""A copy of the project whose Python and Java are stand-ins, and what its launcher gives them."""

import shlex
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Stands for every Python that the launcher starts: tells what it was given, or runs the real one for a script
# of the project's own.
FAKE_PYTHON = """#!/bin/sh
case "$1" in
  */scripts/*) exec {python} "$@" ;;
esac
echo "submit:$PYSPARK_SUBMIT_ARGS"
echo "java:$JAVA_HOME"
echo "python:$PYSPARK_PYTHON"
echo "pythonpath:$PYTHONPATH"
echo "remote:$SPARK_REMOTE"
echo "artifact:$LOOKALIKE_ARTIFACT"
for argument in "$@"; do echo "argument:$argument"; done
exit ${{FAKE_EXIT:-0}}
"""

FAKE_JAVA = """#!/bin/sh
if [ "$1" = -XshowSettings:properties ]; then
  echo "    java.specification.version = {version}" >&2
  exit
fi
for argument in "$@"; do echo "$argument"; done
"""


def executable(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


def run(project: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the copy from its parent folder, in an environment of a few variables."""
    fresh = {"PATH": "/usr/bin:/bin", "JAVA_HOME": str(project.parent / "jdk"), "LC_ALL": "C.UTF-8", **environment}
    program = [str(project / command[0]), *command[1:]]
    return subprocess.run(
        program, cwd=project.parent, env=fresh, capture_output=True, text=True, check=False, timeout=600
    )


def launch(project: Path, *arguments: str, **environment: str) -> dict[str, list[str]]:
    """Run the launcher of the copy; return what the stand-in for Python was given, by kind."""
    done = run(project, "spark-submit.sh", *arguments, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        kind, _, content = line.partition(":")
        told.setdefault(kind, []).append(content)
    return told


def submit_options(told: dict[str, list[str]]) -> list[str]:
    """Return the options that spark-submit is given, split as PySpark splits them."""
    *options, resource = shlex.split(told["submit"][0])
    assert resource == "pyspark-shell"
    return options


def option(options: list[str], name: str) -> str:
    """Return the value of an option's last mention, the one that counts."""
    return options[len(options) - options[::-1].index(name)]

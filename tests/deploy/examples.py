"""The examples of deploy/schedule, read as the schedulers read them."""

import ast
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/schedule"
LAUNCHER = "/opt/lookalike/spark-submit.sh"


def text(name: str) -> str:
    """An example as it is written."""
    return (FOLDER / name).read_text(encoding="utf-8")


def manifest(name: str) -> Any:
    """An example in YAML."""
    return yaml.safe_load(text(name))


def crontab_lines() -> list[tuple[str, str]]:
    """When, and the command: of the job, and of what removes old snapshots."""
    lines = [line.split(maxsplit=5) for line in re.findall(r"^[\d*].*", text("crontab"), re.MULTILINE)]
    assert len(lines) == 2
    return [(" ".join(when), command) for *when, command in lines]


def crontab_line() -> tuple[str, str]:
    """That of the job."""
    return crontab_lines()[0]


def unit(name: str) -> dict[str, str]:
    """The settings of a unit of systemd; none of the project's has one twice."""
    pairs = re.findall(r"^(\w+)=(.*)$", text(name), re.MULTILINE)
    settings = dict(pairs)
    assert len(settings) == len(pairs)
    return settings


def dag_keyword(name: str) -> Any:
    """The value that the DAG's file gives a parameter, which it does once and literally."""
    keywords = [node for node in ast.walk(ast.parse(text("airflow_dag.py"))) if isinstance(node, ast.keyword)]
    (value,) = [keyword.value for keyword in keywords if keyword.arg == name]
    return ast.literal_eval(value)


def container(name: str = "cronjob.yaml") -> Any:
    """The one container of a CronJob."""
    (found,) = manifest(name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return found


def commands() -> dict[str, list[str]]:
    """What each example has the launcher do; the Spark operator does without it."""
    cron = shlex.split(crontab_line()[1].partition(">>")[0])
    return {
        "crontab": cron,
        "lookalike.service": shlex.split(unit("lookalike.service")["ExecStart"]),
        "airflow_dag.py": [
            *(dag_keyword("spark_binary"), dag_keyword("application")),
            *dag_keyword("application_args"),
        ],
        "cronjob.yaml": [
            str(Path(container()["workingDir"], container()["command"][0])),
            *container()["args"],
        ],
    }


def prunes() -> dict[str, tuple[str, str]]:
    """The folder in which each example removes old snapshots, and the command."""
    folder, command = re.fullmatch(r"cd (\S+) && (.*?) >>.*", crontab_lines()[1][1]).groups()  # type: ignore[union-attr]
    service, pod = unit("lookalike.service"), container("prune.yaml")
    return {
        "crontab": (folder, command),
        "lookalike.service": (service["WorkingDirectory"], service["ExecStartPost"].removeprefix("-")),
        "airflow_dag.py": (dag_keyword("cwd"), dag_keyword("bash_command")),
        "prune.yaml": (pod["workingDir"], shlex.join(pod["command"])),
    }


def job_options() -> dict[str, list[str]]:
    """What each example tells the job."""
    given = {name: command[1:] for name, command in commands().items()}
    own = {name: words[words.index("--") + 1 :] if "--" in words else words for name, words in given.items()}
    return own | {
        "scheduledsparkapplication.yaml": manifest("scheduledsparkapplication.yaml")["spec"]["template"]["arguments"]
    }

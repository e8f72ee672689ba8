"""Airflow imports the DAG and runs its task, with a launcher that notes what it is asked to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from . import environments
from .examples import crontab_line, job_options, text

pytestmark = pytest.mark.thorough

LAUNCHER = """#!/bin/sh
for argument in "$@"; do echo "$argument"; done >"$(dirname "$0")/given"
exit "$LAUNCHER_EXIT"
"""
CONNECTION = {"conn_type": "spark", "host": "local[*]"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the DAG takes the project to be."""
    project = tmp_path_factory.mktemp("project")
    (project / "spark-submit.sh").write_text(LAUNCHER)
    (project / "spark-submit.sh").chmod(0o755)
    (project / "dags").mkdir()
    (project / "dags/airflow_dag.py").write_text(text("airflow_dag.py").replace("/opt/lookalike", str(project)))
    return project


@pytest.fixture(scope="module")
def told(project: Path) -> Any:
    return environments.run(
        "airflow",
        "under_airflow.py",
        project / "dags",
        *map(str, [*range(7), 137]),
        AIRFLOW_HOME=str(project / "airflow"),
        AIRFLOW_CONN_LOOKALIKE_SPARK=json.dumps(CONNECTION),
    )


def test_airflow_takes_the_dag_as_it_was_meant(told: Any) -> None:
    assert (told["dag"], told["schedule"], told["retries"]) == ("lookalike", crontab_line()[0], 2)
    assert told["runs"] == {"max_active": 1, "catchup": False}
    assert (told["tasks"], told["then"]) == (["prune", "publish"], ["prune"])


def test_the_task_runs_what_cron_runs(told: Any, project: Path) -> None:
    assert told["ends"]["0"] == "success"
    spark, job = (project / "given").read_text().split("\n--\n")
    assert spark.splitlines()[:2] == [
        "--master",
        CONNECTION["host"],
    ]  # then a name, in place of which the job sets its own
    assert job.splitlines() == job_options()["crontab"]


def test_only_what_another_try_can_mend_is_tried_again(told: Any) -> None:
    again = {code for code, end in told["ends"].items() if end == "AirflowException"}
    assert again == {"1", "137"}
    assert told["ends"]["4"] == "AirflowSkipException"
    assert {told["ends"][code] for code in "2356"} == {"AirflowFailException"}

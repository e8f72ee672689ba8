"""What deploy/schedule says without its schedulers: one job, one schedule, and nothing that is not there."""

import ast
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from numba.core.caching import UserProvidedCacheLocator

from jobs.options.cli import parse_arguments
from jobs.options.config import JobConfig
from lookalike import errors
from lookalike.outputs.folder import FolderOutput

from ..snapshots.publishing import publish_on
from ..snapshots.samples import make_sample
from .examples import (
    FOLDER,
    LAUNCHER,
    ROOT,
    commands,
    container,
    crontab_line,
    crontab_lines,
    dag_keyword,
    job_options,
    manifest,
    prunes,
    text,
    unit,
)
from .machine import Machine

EXIT_CODES = {0, errors.JobError.exit_code, *(kind.exit_code for kind in errors.JobError.__subclasses__())}
ANOTHER_RUN = errors.OutputLockedError.exit_code
NEEDS_A_PERSON = EXIT_CODES - {0, errors.JobError.exit_code, ANOTHER_RUN}
APPLICATION = manifest("scheduledsparkapplication.yaml")["spec"]
CRON_JOB = manifest("cronjob.yaml")["spec"]


def readme_columns(first: str) -> dict[str, list[str]]:
    """The columns of the table in the README of which this is the first."""
    lines = text("README.md").split(f"\n| {first} |", 1)[1].split("\n\n", 1)[0].splitlines()
    header, _, *rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return dict(zip([first, *header], map(list, zip(*rows, strict=True)), strict=True))


def end_in_systemd(code: int) -> str:
    service = unit("lookalike.service")
    if code == 0 or code == int(service["SuccessExitStatus"]):
        return "success"
    prevented = map(int, service["RestartPreventExitStatus"].split())
    return "failed" if code in prevented else f"{service['StartLimitBurst']} tries a day"


def end_in_airflow(code: int) -> str:
    sets = airflow_sets()
    if code in (0, sets["ANOTHER_RUN"]):
        return "skipped" if code else "success"
    return "failed" if code in sets["NEEDS_A_PERSON"] else f"{dag_keyword('retries') + 1} tries"


def end_in_kubernetes(code: int) -> str:
    job = CRON_JOB["jobTemplate"]["spec"]
    (rule,) = [rule for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"]
    if code == 0:
        return "complete"
    return "failed" if code in rule["onExitCodes"]["values"] else f"{job['backoffLimit'] + 1} tries"


def airflow_sets() -> dict[str, Any]:
    found = re.findall(r"^([A-Z_]+) = (.*)$", text("airflow_dag.py"), re.MULTILINE)
    return {name: ast.literal_eval(value) for name, value in found}


def settings(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("name", job_options())
def test_every_example_runs_the_same_job(name: str) -> None:
    assert job_options()[name] == job_options()["crontab"]


def test_the_job_knows_the_options_of_the_examples() -> None:
    config = parse_arguments(job_options()["crontab"]).config
    assert isinstance(config, JobConfig)
    assert [*config.posts, *(config.accounts or ()), str(config.output)] == [
        "/data/posts",
        "/data/accounts",
        "/data/out",
    ]


@pytest.mark.parametrize("name", commands())
def test_every_example_starts_the_launcher(name: str) -> None:
    assert commands()[name][0] == LAUNCHER


def test_every_example_has_the_same_schedule() -> None:
    minute, hour, *days = crontab_line()[0].split()
    assert days == ["*", "*", "*"]
    assert unit("lookalike.timer")["OnCalendar"] == f"*-*-* {int(hour):02}:{int(minute):02}:00"
    for schedule in (dag_keyword("schedule"), CRON_JOB["schedule"], APPLICATION["schedule"]):
        assert schedule == crontab_line()[0]


def test_no_scheduler_starts_a_run_beside_another() -> None:
    assert (CRON_JOB["concurrencyPolicy"], APPLICATION["concurrencyPolicy"]) == ("Forbid", "Forbid")
    assert (dag_keyword("max_active_runs"), dag_keyword("catchup")) == (1, False)
    assert unit("lookalike.service")["Type"] == "oneshot"


class TestPrune:
    @pytest.mark.parametrize("name", prunes())
    def test_every_example_removes_the_same(self, name: str) -> None:
        folder, command = prunes()[name]
        python, _, arguments = command.partition(" ")
        assert (folder, arguments) == ("/opt/lookalike", "-m jobs.snapshots prune /data/out --keep 7")
        of = "environment" if name == "prune.yaml" else ".venv"
        assert str(Path(folder, python)) == f"/opt/lookalike/{of}/bin/python"

    def test_it_never_begins_when_the_job_does(self) -> None:
        run, prune = (when for when, _ in crontab_lines())
        assert run != prune
        assert manifest("prune.yaml")["spec"]["schedule"] == prune
        assert "publish >> prune" in text("airflow_dag.py")

    def test_in_kubernetes_it_has_the_image_and_the_data_of_the_job(self) -> None:
        run, prune = (
            manifest(name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
            for name in ("cronjob.yaml", "prune.yaml")
        )
        assert prune["securityContext"] == run["securityContext"]
        assert prune["volumes"] == [volume for volume in run["volumes"] if volume["name"] == "data"]
        for what in ("image", "workingDir"):
            assert container("prune.yaml")[what] == container()[what]
        assert container("prune.yaml")["volumeMounts"][0] in container()["volumeMounts"]

    def test_it_keeps_the_newest_seven(self, tmp_path: Path) -> None:
        machine = Machine(tmp_path)
        sample = make_sample({"a": 3}, buckets=1, accounts=5)
        ids = [publish_on(day, machine.output, sample).manifest.id for day in range(1, 10)]
        for snapshot in ids:
            os.utime(machine.output / "snapshots" / snapshot, (0, 0))  # live long ago
        os.utime(machine.output / "CURRENT", (0, 0))
        command = machine.here(crontab_lines()[1][1])
        done = subprocess.run(["/bin/sh", "-c", command], env={"PATH": os.defpath}, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert FolderOutput(machine.output).published() == ids[:1:-1]
        assert machine.log.read_text().splitlines()[-1].startswith("2 of 9 snapshots removed")


class TestExitCodes:
    def test_systemd_tries_again_only_what_that_can_mend(self) -> None:
        service = unit("lookalike.service")
        assert set(map(int, service["RestartPreventExitStatus"].split())) == NEEDS_A_PERSON
        assert int(service["SuccessExitStatus"]) == ANOTHER_RUN

    def test_kubernetes_tries_again_only_what_that_can_mend(self) -> None:
        job = CRON_JOB["jobTemplate"]["spec"]
        (rule,) = [rule for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"]
        assert set(rule["onExitCodes"]["values"]) == NEEDS_A_PERSON | {ANOTHER_RUN}
        pod = job["template"]["spec"]
        assert rule["onExitCodes"]["containerName"] == pod["containers"][0]["name"]
        assert pod["restartPolicy"] == "Never"

    def test_airflow_knows_all_of_them(self) -> None:
        assert airflow_sets() == {"ANOTHER_RUN": ANOTHER_RUN, "NEEDS_A_PERSON": NEEDS_A_PERSON}

    def test_the_readme_says_what_each_scheduler_does_about_each(self) -> None:
        said = readme_columns("code")
        assert {int(code) for code in said["code"]} == EXIT_CODES
        assert said["systemd"] == [end_in_systemd(int(code)) for code in said["code"]]
        assert said["Airflow"] == [end_in_airflow(int(code)) for code in said["code"]]
        assert said["CronJob"] == [end_in_kubernetes(int(code)) for code in said["code"]]
        assert APPLICATION["template"]["restartPolicy"] == {"type": "Never"}
        assert said["Spark operator"] == ["completed" if code == "0" else "failed" for code in said["code"]]
        assert said["cron"] == ["log" if code == "0" else "mail" for code in said["code"]]


class TestSparkOperator:
    def test_it_has_the_settings_that_the_launcher_would_give_and_no_others(self) -> None:
        template = APPLICATION["template"]
        given = template["sparkConf"] | {
            f"spark.{role}.memory": template[role]["memory"] for role in ("driver", "executor")
        }
        own = {"spark.pyspark.driver.python", "spark.scheduler.minRegisteredResourcesRatio"}  # its comments say why
        launcher = (ROOT / "spark-submit.sh").read_text(encoding="utf-8")
        added = dict(re.findall(r"--conf \"?(spark[\w.]+)=([^\s\")]+)", launcher))
        assert added["spark.pyspark.python"] == "$PYSPARK_PYTHON"
        added["spark.pyspark.python"] = "/opt/lookalike/environment/bin/python"  # not unpacked in a folder of its own
        assert {name: given[name] for name in given.keys() - own} == settings("conf/spark-defaults.conf") | added
        assert own <= given.keys()

    def test_its_spark_is_the_projects(self) -> None:
        pinned = dict(re.findall(r"^(\w+)==([\d.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
        assert APPLICATION["template"]["sparkVersion"] == pinned["pyspark"]
        assert f"spark-py:{pinned['pyspark']}\n" in text("Dockerfile")


def test_the_image_has_what_is_compiled_where_numba_looks(tmp_path: Path) -> None:
    (step,) = re.findall(r"^RUN (mkdir \.cache/numba(?:.*\\\n)*.*)$", text("Dockerfile"), re.MULTILINE)
    kept = tmp_path / "environment/packages/lookalike/kernel/__pycache__"
    for folder in (tmp_path / "lookalike/kernel", tmp_path / "jobs/snapshots", tmp_path / ".cache", kept):
        folder.mkdir(parents=True)
    step = step.replace("chown 185:185", "test -d")  # which only root may
    subprocess.run(["/bin/sh", "-e", "-c", step], cwd=tmp_path, check=True)
    name = UserProvidedCacheLocator.get_suitable_cache_subpath(str(tmp_path / "lookalike/kernel/any.py"))
    assert {path.name: path.resolve() for path in (tmp_path / ".cache/numba").iterdir()} == {name: kept}


class TestPaths:
    def test_every_file_of_the_folder_is_in_its_readme(self) -> None:
        names = {path.name for path in FOLDER.iterdir() if path.is_file()} - {"README.md"}
        assert [name for name in sorted(names) if f"]({name})" not in text("README.md")] == []

    @pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir() if path.is_file()))
    def test_what_an_example_names_exists(self, name: str) -> None:
        """Files of the project, which lies in /opt/lookalike; .cache and environment are made."""
        named = re.findall(r"/opt/lookalike/([\w./-]*\w)", text(name))
        named += re.findall(r"(?<![\w/])((?:deploy|docs|conf|jobs)/[\w./-]*\w)", text(name))
        named += re.findall(r"^COPY (\S+)", text(name), re.MULTILINE)
        made = (".cache", "environment")
        assert [path for path in named if not path.startswith(made) and not (ROOT / path).exists()] == []

    def test_links_of_the_readme_lead_somewhere(self) -> None:
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text("README.md"))
        assert [link for link in links if not (FOLDER / link).exists()] == []

    def test_targets_of_make_exist(self) -> None:
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        for name in ("README.md", "Dockerfile"):
            for target in re.findall(r"(?:`|#   )make(?: -C \S+)? ([a-z-]+)", text(name)):
                assert f"\n{target}:" in makefile

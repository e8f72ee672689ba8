"""What the tests of HDFS and YARN share: the cluster, and the posts in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.inputs.stores.choose import store_of
from tests.cluster.running import Inputs
from tests.job import localspark
from tests.job.command import ROOT
from tests.job.running import Job

from .daemons import JARS, USER, Hadoop
from .yarn import Yarn


@pytest.fixture(scope="session")
def hadoop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hadoop]:
    assert JARS.is_dir(), "these tests need 'make .cache/hadoop/.installed'"
    with Hadoop(tmp_path_factory.mktemp("hadoop")) as running:
        yield running


@pytest.fixture
def asking(hadoop: Hadoop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hadoop]:
    """HDFS, for this process, which knows the configuration and is the user."""
    monkeypatch.setenv("HADOOP_CONF_DIR", str(hadoop.conf))
    monkeypatch.setenv("HADOOP_USER_NAME", USER)
    store_of.cache_clear()
    yield hadoop
    store_of.cache_clear()


@pytest.fixture
def quick_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Runs the job in this process, without Spark."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
    return Job(tmp_path, monkeypatch, localspark.Context)


@pytest.fixture
def yarn(hadoop: Hadoop, inputs: Inputs, tmp_path: Path) -> Yarn:
    """Two living node managers, the posts in HDFS, and a folder that all of them see."""
    assert (ROOT / ".cache/environment.tar.gz").exists(), "these tests need 'make environment'"
    hadoop.keep_nodes(2)
    return Yarn(hadoop, inputs, tmp_path)

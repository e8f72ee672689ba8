"""One S3 server for all of these tests; each has a prefix of its own in its bucket."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.exchange.worker import open_snapshot
from jobs.inputs.stores.choose import store_of
from lookalike.outputs.opening import shared_output, shared_store
from lookalike.outputs.patience import Patience
from lookalike.outputs.urls import StoreUrl
from tests.job import localspark
from tests.job.running import Job
from tests.serving.running import ServiceFactory

from .fakehdfs import FakeHdfs, fake_hdfs
from .inputs import Twice
from .places import Place
from .proxy import Proxy, proxy_of
from .running import Runner
from .server import BUCKET, Server, s3_server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


def forget_stores() -> None:
    """Those that know the environment of another test."""
    for known in (store_of, shared_output, shared_store, open_snapshot):
        known.cache_clear()


@pytest.fixture
def url(server: Server, monkeypatch: pytest.MonkeyPatch) -> StoreUrl:
    """An output with nothing in it; this process finds it by its environment while the test runs."""
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    forget_stores()
    return StoreUrl.parse(f"s3://{BUCKET}/test-{next(_numbers)}/out")


@pytest.fixture
def proxy(server: Server, url: StoreUrl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Between this process and the server from now on, in the test of this URL."""
    assert url  # whose fixture sets the other variables first
    with proxy_of(server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        forget_stores()
        yield proxy


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs the job in this process, without Spark."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
    return Runner(tmp_path, monkeypatch)


@pytest.fixture
def serve() -> Iterator[ServiceFactory]:
    factory = ServiceFactory()
    yield factory
    factory.close()


@pytest.fixture
def hdfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHdfs]:
    monkeypatch.setattr(Patience, "pauses", lambda _: iter((0.0, 0.0, 0.0)))
    monkeypatch.setenv("HADOOP_USER_NAME", "analyst")
    monkeypatch.delenv("HADOOP_CONF_DIR", raising=False)
    forget_stores()
    (tmp_path / "hdfs").mkdir()
    with fake_hdfs(tmp_path / "hdfs") as made:
        yield made


@pytest.fixture(params=["folder", "object store", "hdfs"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An output of each kind with nothing in it."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
    if request.param == "folder":
        return Place(tmp_path / "out", tmp_path / "out")
    if request.param == "hdfs":
        hdfs: FakeHdfs = request.getfixturevalue("hdfs")
        return Place(StoreUrl.parse(f"{hdfs.url}/made/out"), hdfs.folder / "made/out")
    return Place(request.getfixturevalue("url"))


@pytest.fixture
def twice(tmp_path: Path, url: StoreUrl) -> Twice:
    return Twice(tmp_path / "here", url)


@pytest.fixture
def quick_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Runs the job in this process, without Spark, from any places to a folder."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
    return Job(tmp_path, monkeypatch, localspark.Context)

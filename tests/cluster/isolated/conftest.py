"""What the tests of machines that share nothing share: an S3 server, and a cluster whose machines may use it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from lookalike.outputs.urls import StoreUrl
from tests.cluster.running import Inputs
from tests.cluster.storing import put_inputs
from tests.job.command import ROOT
from tests.stores.server import BUCKET, Server, s3_server

from .machines import Isolated
from .running import IsolatedCluster

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Isolated]:
    assert (ROOT / ".cache/environment.tar.gz").exists(), "these tests need 'make environment'"
    folder = tmp_path_factory.mktemp("isolated")
    with Isolated(folder, [tmp_path_factory.getbasetemp()]) as running:
        yield running


@pytest.fixture
def cluster(
    isolated: Isolated, server: Server, inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IsolatedCluster]:
    """Two living workers; posts and accounts under a new prefix of the bucket."""
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    isolated.keep_workers(2)
    url = StoreUrl.parse(f"s3://{BUCKET}/isolated-{next(_numbers)}")
    put_inputs(inputs, url)
    with TemporaryDirectory(dir="/var/tmp") as traces:  # which is not hidden
        yield IsolatedCluster(isolated, server, url, tmp_path, Path(traces))

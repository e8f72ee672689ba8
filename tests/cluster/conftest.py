"""What the tests of a cluster share: the cluster, the Python to send there, and what one process publishes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.job.command import ROOT

from .running import Cluster, Inputs, made_inputs, published_alone
from .standalone import Standalone


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return made_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="session")
def alone(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What one process publishes of all posts."""
    return published_alone(inputs, tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="session")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    assert (ROOT / ".cache/environment.tar.gz").exists(), "these tests need 'make environment'"
    with Standalone(tmp_path_factory.mktemp("standalone")) as running:
        yield running


@pytest.fixture
def small_cluster(standalone: Standalone, inputs: Inputs, tmp_path: Path) -> Cluster:
    """A living worker, and a folder that all machines see."""
    standalone.keep_workers(1)
    return Cluster(standalone, inputs, tmp_path)


@pytest.fixture
def cluster(standalone: Standalone, inputs: Inputs, tmp_path: Path) -> Cluster:
    """Two living workers, and a folder that all machines see."""
    standalone.keep_workers(2)
    return Cluster(standalone, inputs, tmp_path)

"""Snapshots that the job made, and the service over them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.job import localspark
from tests.job.known import Known, medium, tiny
from tests.job.running import Job

from .running import Service, ServiceFactory


class Published:
    """An output folder of the job, and the known answers. Tests that change anything take a `copy`."""

    def __init__(self, known: Known, output: Path, floor: str) -> None:
        self.known, self.output, self.floor = known, output, floor

    def copy(self, folder: Path) -> Path:
        """The same in a folder of the caller's own."""
        output = folder / "output"
        shutil.copytree(self.output, output)
        return output


def run_job(posts: Path, accounts: Path, output: Path, **options: Any) -> None:
    """Run the job in this process, without Spark: what the service reads is the same, and there in no time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
        Job(output.parent, patched, localspark.Context)(posts, accounts, output=output, **options)


@pytest.fixture(scope="session")
def medium_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Published:
    known = medium()
    output = tmp_path_factory.mktemp("medium") / "output"
    run_job(known.posts, known.accounts, output)
    return Published(known, output, "0.8")


@pytest.fixture(scope="session")
def tiny_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """With a floor of 0.9 and three buckets; two rows of its posts are broken on purpose."""
    known = tiny()
    output = tmp_path_factory.mktemp("tiny") / "output"
    run_job(known.posts, known.accounts, output, max_reject_fraction=0.1, min_similarity="0.9", buckets=3)
    return Published(known, output, "0.9")


@pytest.fixture
def serve() -> Iterator[ServiceFactory]:
    """Starts services in this process, on ports of their own; they end with the test."""
    factory = ServiceFactory()
    yield factory
    factory.close()


@pytest.fixture(scope="session")
def medium_service(medium_snapshot: Published) -> Iterator[Service]:
    factory = ServiceFactory()
    yield factory(medium_snapshot.output)
    factory.close()


@pytest.fixture(scope="session")
def tiny_service(tiny_snapshot: Published) -> Iterator[Service]:
    factory = ServiceFactory()
    yield factory(tiny_snapshot.output)
    factory.close()

"""Snapshots that the real job made, and the service over them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.job.known import Known, medium, tiny

from .running import Service, ServiceFactory

ROOT = Path(__file__).resolve().parents[2]


class Published:
    """An output folder of the job, and the known answers. Tests that change anything take a `copy`."""

    def __init__(self, known: Known, output: Path, floor: str) -> None:
        self.known, self.output, self.floor = known, output, floor

    def copy(self, folder: Path) -> Path:
        """The same in a folder of the caller's own."""
        output = folder / "output"
        shutil.copytree(self.output, output)
        return output


def run_job(posts: Path, accounts: Path, output: Path, *options: str) -> None:
    """Run the command that people type."""
    command: list[str | Path] = [ROOT / "spark-submit.sh", "--posts", posts, "--accounts", accounts]
    done = subprocess.run([*command, "--output", output, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
    options = ("--max-reject-fraction", "0.1", "--min-similarity", "0.9", "--buckets", "3")
    run_job(known.posts, known.accounts, output, *options)
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

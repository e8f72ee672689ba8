"""What a user can mend is one line, whichever machine of a cluster finds it, and nothing is published."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.outputs.urls import StoreUrl
from tests.job.command import ROOT
from tests.serving.running import eventually
from tests.stores.running import Bucket
from tests.stores.server import BUCKET, Server, s3_server

from .running import Inputs, of_a_submitter, run_to_end
from .standalone import Standalone
from .storing import put_inputs

pytestmark = pytest.mark.thorough

PAGE = 'see "The packed Python" in docs/how-to/run-on-a-cluster.md'
OTHER_VERSION = """
import collections, sys
sys.version_info = collections.namedtuple("V", "major minor micro releaselevel serial")(3, 99, 0, "final", 0)
"""
KEPT = {".lock", "runs.jsonl"}  # that a run which fails leaves in an output


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def bucket(server: Server, inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> StoreUrl:
    """Posts and accounts, below a URL of the bucket; this process may do with it what `job` may."""
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    url = StoreUrl.parse(f"s3://{BUCKET}/refusals")
    put_inputs(inputs, url)
    return url


class Submitter:
    """Runs the command on a cluster; `inputs` and `output` are named unless a test names others."""

    def __init__(self, standalone: Standalone, inputs: Inputs, folder: Path) -> None:
        self._standalone, self._inputs, self._log = standalone, inputs, folder / "log"
        self.output = folder / "out"

    def refused(
        self,
        *of_job: str,
        environment: dict[str, str] | None = None,
        of_executors: dict[str, str] | None = None,
    ) -> str:
        """The one line of a run that ended with exit code 2, without its beginning; no process is left of it.

        of_job: options; those that come last count. of_executors: variables of theirs.
        """
        command: list[str | Path] = [ROOT / "spark-submit.sh", "--master", self._standalone.url]
        command += ["--executor-memory", "512m", "--conf", "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1"]
        for name, value in (of_executors or {}).items():
            command += ["--conf", f"spark.executorEnv.{name}={value}"]
        command += ["--", "--posts", self._inputs.posts, "--accounts", self._inputs.accounts]
        command += ["--output", self.output, *of_job]
        code = run_to_end(command, of_a_submitter() | (environment or {}), self._log)
        told = self._log.read_text()
        assert code == 2, told
        (line,) = told.splitlines()
        workers = self._standalone.workers
        eventually(lambda: all(len(list(self._standalone.processes(one.name))) == 1 for one in workers))
        return line.removeprefix("error: ")


@pytest.fixture
def submitter(standalone: Standalone, inputs: Inputs, tmp_path: Path) -> Iterator[Submitter]:
    """Its folder must hold no snapshot in the end."""
    standalone.keep_workers(1)
    submitter = Submitter(standalone, inputs, tmp_path)
    yield submitter
    assert {path.name for path in submitter.output.rglob("*") if path.is_file()} <= KEPT


def bare_python(folder: Path, says: str | None = None) -> str:
    """A Python without any package; says: code that it runs first."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    if says is not None:
        (site,) = folder.glob("lib/python3.*/site-packages")
        (site / "sitecustomize.py").write_text(says)
    return str(folder / "bin/python")


@pytest.mark.parametrize("exchange", ["auto", "shuffle"])
def test_a_python_that_is_not_there(submitter: Submitter, exchange: str) -> None:
    line = submitter.refused("--exchange", exchange, environment={"PYSPARK_PYTHON": "/nowhere/python3"})
    reason = "/nowhere/python3 cannot be started: No such file or directory"
    assert line == f"the Python of the tasks cannot be used (on 127.0.0.1): {reason}; {PAGE}"


@pytest.mark.parametrize("exchange", ["auto", "shuffle"])
def test_a_python_without_the_packages(submitter: Submitter, tmp_path: Path, exchange: str) -> None:
    python = bare_python(tmp_path / "bare")
    line = submitter.refused("--exchange", exchange, environment={"PYSPARK_PYTHON": python})
    assert line.startswith("the Python of the tasks cannot be used")
    assert line.endswith(f"; {PAGE}")


@pytest.mark.parametrize("exchange", ["auto", "shuffle"])
def test_a_python_of_another_version(submitter: Submitter, tmp_path: Path, exchange: str) -> None:
    python = bare_python(tmp_path / "other", OTHER_VERSION)
    line = submitter.refused("--exchange", exchange, environment={"PYSPARK_PYTHON": python})
    own = "{}.{}".format(*sys.version_info)
    assert line.startswith("the Python of the tasks cannot be used")
    assert line.endswith(f": Python 3.99, where the driver's is {own}; {PAGE}")


def test_a_python_that_does_not_start(submitter: Submitter, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho >&2 'python: version GLIBC_2.99 not found'\nexit 1\n")
    python.chmod(0o755)
    line = submitter.refused(environment={"PYSPARK_PYTHON": str(python)})
    reason = "python: version GLIBC_2.99 not found"
    assert line == f"the Python of the tasks cannot be used (on 127.0.0.1): {reason}; {PAGE}"


def in_store(url: StoreUrl) -> tuple[str, ...]:
    return ("--posts", f"{url}/posts", "--accounts", f"{url}/accounts")


def test_a_store_that_refuses_the_driver(submitter: Submitter, server: Server, bucket: StoreUrl) -> None:
    wrong = server.environ(secret="this is not it")
    line = submitter.refused(*in_store(bucket), environment=wrong)
    assert line.startswith(f"{bucket}/posts: access denied (")
    assert "this is not it" not in line
    line = submitter.refused(*in_store(bucket), environment=server.environ("stranger"))
    assert line.startswith(f"{bucket}/posts: access denied (")
    line = submitter.refused(*in_store(StoreUrl.parse("s3://no-such-bucket/a")), environment=server.environ())
    assert line == "s3://no-such-bucket: there is no such bucket"


def test_an_output_that_refuses_the_driver(submitter: Submitter, server: Server, bucket: StoreUrl) -> None:
    before, output = Bucket(bucket).listing(), f"{bucket}/out"
    line = submitter.refused("--output", output, environment=server.environ(secret="this is not it"))
    assert line.startswith(f"{output}/CURRENT: access denied (SignatureDoesNotMatch)")
    line = submitter.refused("--output", output, environment=server.environ("reader"))
    assert line.startswith(f"{output}/.lock: access denied (AccessDenied)")
    line = submitter.refused("--output", "s3://no-such-bucket/out", environment=server.environ())
    assert line == "s3://no-such-bucket/out: there is no such bucket; create it first"
    assert Bucket(bucket).listing() == before


@pytest.mark.parametrize(
    ("user", "secret"),
    [("job", "this is not it"), ("stranger", None)],
)
def test_a_store_that_refuses_the_executors_alone(
    submitter: Submitter, server: Server, bucket: StoreUrl, user: str, secret: str | None
) -> None:
    line = submitter.refused(
        *in_store(bucket), environment=server.environ(), of_executors=server.environ(user, secret)
    )
    assert line.startswith(f"{bucket}/posts/")
    assert ": access denied (" in line


def test_an_output_that_refuses_the_executors_alone(submitter: Submitter, server: Server, bucket: StoreUrl) -> None:
    before, output = Bucket(bucket).listing(), f"{bucket}/out"
    line = submitter.refused(
        *("--output", output, "--exchange", "shuffle"),
        environment=server.environ(),
        of_executors=server.environ("reader"),
    )
    assert line.startswith(f"{output}/snapshots/")
    assert line.endswith(": access denied (AccessDenied); see the credentials in the environment")
    assert Bucket(bucket).listing() - before == {f"out/{name}" for name in KEPT}

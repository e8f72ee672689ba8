"""Running a driver here whose executors are on machines that see nothing of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lookalike.outputs.urls import StoreUrl
from tests.cluster.running import FILES, arranged, check_that_all_came, of_a_submitter, run_to_end
from tests.cluster.storing import published_in_store
from tests.job.command import ROOT
from tests.stores.server import Server

from .machines import Isolated

_SMALL = (
    *("--executor-memory", "512m", "--conf", "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1"),
    # These machines have one address, from which Spark concludes that each can open the others' files.
    *("--conf", "spark.shuffle.readHostLocalDisk=false"),
)


class IsolatedCluster:
    """Runs drivers; input and output are under `url`, `folder` is one of the driver's machine.

    traces: the one folder that all machines see. The executors get the store's credentials as from a machine's role:
    they are in their environment.
    """

    def __init__(self, isolated: Isolated, server: Server, url: StoreUrl, folder: Path, traces: Path) -> None:
        self.isolated, self.url, self.folder, self.traces = isolated, url, folder, traces
        self.log = folder / "log"
        self._access = server.environ()

    def probe(self) -> dict[str, Any]:
        """What the executors see; see probe.py."""
        options = ["--master", self.isolated.url, *_SMALL, *_passed(self._access)]
        options += ["--archives", f"{ROOT}/.cache/environment.tar.gz#environment"]
        options += ["--conf", "spark.python.daemon.module=jobs.spark.daemon"]
        environment = of_a_submitter() | {
            "PYSPARK_SUBMIT_ARGS": " ".join(f"'{option}'" for option in [*options, "pyspark-shell"]),
            "PYSPARK_PYTHON": "./environment/bin/python",
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
        }
        work = self.folder / "work"
        work.mkdir()
        probe = Path(__file__).with_name("probe.py")
        code = run_to_end([sys.executable, probe, work, f"{self.url}/posts"], environment, self.log)
        assert code == 0, self.log.read_text()
        found: dict[str, Any] = json.loads(self.log.read_text().splitlines()[-1])
        return found

    def run(
        self,
        *deaths: Sequence[str],
        exchange: str = "auto",
        files: int = FILES,
        many_accounts: bool = False,
        endpoint: str | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> dict[str, Any]:
        """The rows that the real command published in the store, and their counts.

        deaths: as sitecustomize.py has them, which must all come. files: of the posts. many_accounts: tasks read
        them. endpoint: of the store, instead of the server's. meanwhile: is called again and again until the end.
        """
        access = self._access | ({} if endpoint is None else {"AWS_ENDPOINT_URL": endpoint})
        posts = [f"{self.url}/posts/{number}.tsv" for number in range(files)]
        command: list[str | Path] = [ROOT / "spark-submit.sh", "--master", self.isolated.url, *_SMALL]
        command += [*_passed(access), "--", "--posts", *posts, "--accounts", f"{self.url}/accounts"]
        command += ["--output", f"{self.url}/out", "--exchange", exchange]
        command += ["--min-similarity", "0.7", "--buckets", "8", "--block-size", "100"]
        environment = of_a_submitter() | access | arranged(deaths, self.traces, many_accounts=many_accounts)
        assert run_to_end(command, environment, self.log, meanwhile) == 0, self.log.read_text()
        check_that_all_came(deaths, self.traces)
        return published_in_store(StoreUrl.parse(f"{self.url}/out"))


def _passed(variables: Mapping[str, str]) -> list[str]:
    """The options that put variables into the environment of the executors."""
    return [part for name, value in variables.items() for part in ("--conf", f"spark.executorEnv.{name}={value}")]

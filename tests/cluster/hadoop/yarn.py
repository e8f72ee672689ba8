"""Running the real command on YARN over posts in HDFS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lookalike.outputs.urls import StoreUrl
from tests.cluster.running import (
    FILES,
    Inputs,
    arranged,
    check_that_all_came,
    of_a_submitter,
    published,
    run_to_end,
)
from tests.cluster.standalone import SPARK
from tests.cluster.storing import published_in_hdfs
from tests.job.command import ROOT

from .daemons import USER, Hadoop

# Two executors and what they are asked for by, all in the memory of one node.
SIZES = (
    *("--num-executors", "2", "--executor-cores", "1", "--executor-memory", "512m", "--driver-memory", "512m"),
    *("--conf", "spark.executor.memoryOverhead=1g", "--conf", "spark.driver.memoryOverhead=1g"),
    *("--conf", "spark.yarn.am.memory=256m"),
)
# As where Spark is installed on all machines: otherwise 400 MB are sent.
INSTALLED = ("--conf", f"spark.yarn.jars=local:{SPARK}/jars/*")


class Yarn:
    """Runs the job on YARN; its outputs are in `shared`."""

    def __init__(self, hadoop: Hadoop, inputs: Inputs, shared: Path) -> None:
        self.hadoop, self.shared = hadoop, shared
        self.output, self.traces, self.log = shared / "out", shared / "traces", shared / "log"
        self.traces.mkdir()
        self._files = sorted(inputs.posts.iterdir())
        for file in self._files:
            hadoop.put(f"work/posts of é/{file.name}", file.read_bytes())
        hadoop.put(f"work/{inputs.accounts.name}", inputs.accounts.read_bytes())
        self._accounts = f"hdfs:///work/{inputs.accounts.name}"

    def run(
        self,
        *deaths: Sequence[str],
        files: int = FILES,
        mode: str = "client",
        exchange: str = "auto",
        spark: Sequence[str] = INSTALLED,
        output: StoreUrl | None = None,
    ) -> dict[str, Any]:
        """What the real command publishes with deaths as sitecustomize.py has them, which must all come.

        files: of the posts that are named. mode: of --deploy-mode. spark: where the machines have it from. output: in
        HDFS, instead of the folder.
        """
        posts = [f"hdfs:///work/posts of é/{file.name}" for file in self._files[:files]]
        options = ["--min-similarity", "0.7", "--buckets", "8", "--block-size", "100", "--exchange", exchange]
        code = self.submit(
            ["--deploy-mode", mode, *SIZES, *spark],
            ["--posts", *posts, "--accounts", self._accounts, "--output", str(output or self.output), *options],
            arranged(deaths, self.traces),
        )
        assert code == 0, self.log.read_text()
        check_that_all_came(deaths, self.traces)
        return published(self.output) if output is None else published_in_hdfs(output)

    def submit(self, of_spark: Sequence[str], of_job: Sequence[str], environment: dict[str, str]) -> int:
        """The exit code of the command for the user of this cluster; what it prints goes to the log."""
        command: list[str | Path] = [ROOT / "spark-submit.sh", "--master", "yarn", *of_spark, "--", *of_job]
        known = {"HADOOP_CONF_DIR": str(self.hadoop.conf), "HADOOP_USER_NAME": USER}
        return run_to_end(command, of_a_submitter() | known | environment, self.log)

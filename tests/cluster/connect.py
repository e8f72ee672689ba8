"""A Spark Connect server on this machine, in front of a standalone cluster, which finds no Python, either."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .daemons import Daemons
from .standalone import SPARK, TOOLS

_SETTINGS = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
    "spark.ui.enabled": "false",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


class ConnectServer(Daemons):
    """The server; use as a context manager. master: of the cluster."""

    def __init__(self, folder: Path, master: str) -> None:
        super().__init__(folder, TOOLS)
        self._master = master
        self.url = ""

    def set_up(self) -> None:
        """Start it."""
        environment = {
            "SPARK_HOME": str(SPARK),
            "SPARK_CONF_DIR": str(self.folder / "no-conf"),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        command: list[str | Path] = [self.path / "bash", SPARK / "bin/spark-submit", "--master", self._master]
        command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
        for name, value in _SETTINGS.items():
            command += ["--conf", f"{name}={value}"]
        log = self.start("server", command, environment)
        started = re.compile(r"Spark Connect server started at: \S*:(\d+)\n")
        self.url = f"sc://127.0.0.1:{self.wait_for('server', lambda: started.search(log.read_text()))[1]}"


def kept_blocks(folders: Iterable[Path]) -> list[str]:
    """The blocks of DataFrames that Spark keeps on the disks of its machines."""
    return sorted(path.name for folder in folders for path in folder.rglob("rdd_*"))

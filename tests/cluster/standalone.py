"""A Spark standalone cluster on this machine, whose workers find no Python but the one that a job brings."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyspark

from .daemons import Daemons

SPARK = Path(pyspark.__file__).resolve().parent
# What Spark's scripts call, and Java to unpack an archive; every Linux has these.
TOOLS = ("bash", "sh", "dirname", "readlink", "cat", "rm", "chmod", "ln", "tar", "gzip")


class Places(NamedTuple):
    """Folders as a daemon sees them. before: the beginning of the command that starts it."""

    own: Path
    spark: Path
    java: Path
    tools: Path
    before: Sequence[str | Path] = ()


class Standalone(Daemons):
    """One master and some workers of one core each, every one with a folder of its own; use as a context manager.

    environment: what the machines have in theirs; it counts for workers that are started later.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TOOLS)
        self.url = ""
        self.environment: dict[str, str] = {}

    def places(self, name: str) -> Places:
        """Where a daemon finds what it needs."""
        return Places(self.folder / name, SPARK, Path(os.environ["JAVA_HOME"]), self.path)

    def set_up(self) -> None:
        """Start the master."""
        log = self._start_spark("master", "master.Master", ["--port", "0"])
        started = re.compile(r"Starting Spark master at (spark://\S+)")
        self.url = self.wait_for("master", lambda: started.search(log.read_text()))[1]

    def keep_workers(self, count: int) -> None:
        """Have so many workers at the least; those that have died are replaced."""
        self.bury()
        logs = {}
        for number in range(count - len(self.workers)):
            name = f"worker-{time.monotonic_ns()}-{number}"
            arguments: list[str | Path] = [
                "--port",
                "0",
                "--cores",
                "1",
                "--memory",
                "4g",
                "--work-dir",
                self.places(name).own / "work",
            ]
            logs[name] = self._start_spark(name, "worker.Worker", [*arguments, self.url])
        for name, log in logs.items():
            self.wait_for(name, lambda log=log: re.search("Successfully registered with master", log.read_text()))  # type: ignore[misc]  # bound now, not later

    @property
    def workers(self) -> list[Path]:
        """The folders of the workers that have not died."""
        return [self.folder / name for name in self.names if name != "master"]

    def _start_spark(self, name: str, main: str, arguments: Sequence[str | Path]) -> Path:
        places = self.places(name)
        environment = {
            "HOME": str(places.own),
            "TMPDIR": str(places.own / "tmp"),
            "JAVA_HOME": str(places.java),
            "SPARK_HOME": str(places.spark),
            "SPARK_CONF_DIR": str(places.own / "no-conf"),
            "SPARK_LOCAL_DIRS": str(places.own / "tmp"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -Dspark.master.rest.enabled=false",
            **self.environment,
        }
        command: list[str | Path] = [*places.before, places.tools / "bash", places.spark / "bin/spark-class"]
        command += [f"org.apache.spark.deploy.{main}", "--host", "127.0.0.1", "--webui-port", "0", *arguments]
        return self.start(name, command, environment)

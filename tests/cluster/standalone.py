"""A Spark standalone cluster on this machine, whose workers find no Python but the one that a job brings."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pyspark

SPARK = Path(pyspark.__file__).resolve().parent
# What Spark's scripts call, and Java to unpack an archive; every Linux has these.
TOOLS = ("bash", "sh", "dirname", "readlink", "cat", "rm", "chmod", "ln", "tar", "gzip")
MARK = "LOOKALIKE_TEST_WORKER"  # in the environment of all processes of a master or worker
PATIENCE = 600  # seconds until a process must have said that it is ready


class Standalone:
    """One master and some workers of one core each, every one with a folder of its own; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = uuid.uuid4().hex
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self.path = folder / "bin"
        self.path.mkdir(parents=True)
        for tool in TOOLS:
            (self.path / tool).symlink_to(str(shutil.which(tool)))
        self.url = ""

    def __enter__(self) -> "Standalone":
        """Start the master."""
        try:
            log = self._start("master", "master.Master", ["--port", "0"])
            self.url = _wait_for(lambda: re.search(r"Starting Spark master at (spark://\S+)", log.read_text()), log)[
                1
            ]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Kill every process, and wait for it."""
        for name in list(self._daemons):
            self.kill(name)

    def keep_workers(self, count: int) -> None:
        """Have so many workers at the least; those that have died are replaced."""
        for name, daemon in list(self._daemons.items()):
            if daemon.poll() is not None:
                self.kill(name)
        logs = []
        for number in range(count - len(self.workers)):
            name = f"worker-{time.monotonic_ns()}-{number}"
            arguments = [
                "--port",
                "0",
                "--cores",
                "1",
                "--memory",
                "4g",
                "--work-dir",
                str(self._folder / name / "work"),
            ]
            logs.append(self._start(name, "worker.Worker", [*arguments, self.url]))
        for log in logs:
            _wait_for(lambda log=log: re.search("Successfully registered with master", log.read_text()), log)  # type: ignore[misc]  # bound now, not later

    @property
    def workers(self) -> list[Path]:
        """The folders of the workers that have not died."""
        return [self._folder / name for name in self._daemons if name != "master"]

    def processes(self, name: str) -> Iterator[Path]:
        """The folder in /proc of every living process that a daemon has started, wherever it hangs by now."""
        mark = f"{MARK}={self._mark}-{name}\0".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if mark in environment:
                yield process

    def kill(self, name: str) -> None:
        """Kill a daemon with all that it has started, as a machine that is switched off."""
        while processes := list(self.processes(name)):
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process.name), signal.SIGKILL)
            time.sleep(0.02)
        self._daemons.pop(name).wait()

    def _start(self, name: str, main: str, arguments: list[str]) -> Path:
        folder = self._folder / name
        (folder / "tmp").mkdir(parents=True)
        environment = {
            "PATH": str(self.path),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TMPDIR": str(folder / "tmp"),
            "JAVA_HOME": os.environ["JAVA_HOME"],
            "SPARK_HOME": str(SPARK),
            "SPARK_CONF_DIR": str(folder / "no-conf"),
            "SPARK_LOCAL_DIRS": str(folder / "tmp"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -Dspark.master.rest.enabled=false",
            MARK: f"{self._mark}-{name}",
        }
        command = [str(self.path / "bash"), str(SPARK / "bin/spark-class"), f"org.apache.spark.deploy.{main}"]
        log = folder / "log"
        with log.open("wb") as sink:
            self._daemons[name] = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--webui-port", "0", *arguments],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )
        return log


def _wait_for(found: Callable[[], re.Match[str] | None], log: Path) -> re.Match[str]:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (match := found()) is not None:
            return match
        time.sleep(0.05)
    raise TimeoutError(f"not ready after {PATIENCE} s:\n{log.read_text()}")

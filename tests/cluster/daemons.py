"""The daemons of a cluster on this machine, each with a folder of its own and killed as a machine is switched off."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

MARK = "LOOKALIKE_TEST_DAEMON"  # in the environment of all processes that a daemon starts
PATIENCE = 600  # seconds until a process must have said that it is ready


class Daemons:
    """Processes by name; use as a context manager, which kills them. They find no program but `tools`."""

    def __init__(self, folder: Path, tools: Sequence[str]) -> None:
        self.folder = folder
        self._mark = uuid.uuid4().hex
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.path = folder / "bin"
        self.path.mkdir(parents=True)
        for tool in tools:
            (self.path / tool).symlink_to(str(shutil.which(tool)))

    def __enter__(self) -> Self:
        """Start what the cluster consists of."""
        try:
            self.set_up()
        except BaseException:
            self.kill_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill every process, and wait for it."""
        self.kill_all()

    def set_up(self) -> None:
        """Start what the cluster consists of."""
        raise NotImplementedError

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str]) -> Path:
        """Start a daemon in its folder; what it prints goes to the file that is returned."""
        folder = self.folder / name
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        own = {
            "PATH": str(self.path),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TMPDIR": str(folder / "tmp"),
            "JAVA_HOME": os.environ["JAVA_HOME"],
            MARK: f"{self._mark}-{name}",
        }
        log = folder / "log"
        with log.open("wb") as sink:
            self._running[name] = subprocess.Popen(
                list(map(str, command)),
                env=own | dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )
        return log

    @property
    def names(self) -> list[str]:
        """Of the daemons that have not been killed."""
        return list(self._running)

    def bury(self) -> None:
        """Forget the daemons that have died, and kill what they had started."""
        for name, daemon in list(self._running.items()):
            if daemon.poll() is not None:
                self.kill(name)

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
        self._running.pop(name).wait()

    def kill_all(self) -> None:
        for name in self.names:
            self.kill(name)

    def wait_for(self, name: str, found: Callable[[], re.Match[str] | None]) -> re.Match[str]:
        """What is found at last; an error with the log if the daemon ends before."""
        log = self.folder / name / "log"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if (match := found()) is not None:
                return match
            if self._running[name].poll() is not None:
                raise ChildProcessError(f"{name} has ended:\n{log.read_text()}")
            time.sleep(0.05)
        raise TimeoutError(f"{name} is not ready after {PATIENCE} s:\n{log.read_text()}")

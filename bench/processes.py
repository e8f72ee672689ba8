"""Time and memory of a whole command: the process started and every one that it starts."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SHORTEST_PAUSE = 0.2  # seconds between two looks at the memory
SESSION_FIELD = 3  # of /proc/PID/stat, counted behind the command in parentheses


@dataclass(frozen=True)
class Measurement:
    """Seconds from start to exit, the peak of all processes' memory together in bytes, standard output."""

    seconds: float
    peak_bytes: int
    output: str


def measure(command: Sequence[str], folder: Path) -> Measurement:
    """Run a command in a folder and wait for it; RuntimeError with the end of its messages if it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
        started = time.perf_counter()
        # A session of its own marks all of its descendants, also those whose parent has gone.
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=messages,
            start_new_session=True,
        )
        watch = _MemoryWatch(process.pid)
        watch.start()
        try:
            code = process.wait()
        except BaseException:
            os.killpg(process.pid, 15)
            raise
        finally:
            seconds = time.perf_counter() - started
            watch.stop()
        if code:
            raise RuntimeError(f"{' '.join(command)} ended with {code}:\n{_text(messages)[-4000:]}")
        return Measurement(seconds, watch.peak_bytes, _text(output))


class _MemoryWatch(threading.Thread):
    """Looks again and again at the memory of one session's processes; on Linux only, elsewhere the peak is 0.

    What counts is the proportional set size: a page that n processes share counts 1/n for each of them.
    """

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._session = session
        self._stopped = threading.Event()

    def run(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            started = time.perf_counter()
            self.peak_bytes = max(self.peak_bytes, sum(map(_proportional_bytes, _processes_of(self._session))))
            # The kernel walks all pages to answer: never spend more than a fiftieth of a core on it.
            pause = max(SHORTEST_PAUSE, 50 * (time.perf_counter() - started))

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def _processes_of(session: int) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):  # it has ended meanwhile
            continue
        if int(fields[SESSION_FIELD]) == session:
            found.append(process)
    return found


def _proportional_bytes(process: Path) -> int:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")

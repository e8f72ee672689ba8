"""Time, memory and processor time of a whole command: the process started and every one that it starts."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PAUSE = 0.2  # seconds between two looks
SESSION_FIELD = 3  # of /proc/PID/stat, counted behind the command in parentheses
TIME_FIELDS = slice(11, 15)  # user and system, its own and those of its children that have ended
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measurement:
    """Seconds from start to exit, the peak of all processes' memory together in bytes, standard output.

    driver_bytes: the peak of what the driver's processes, Python and Java, have for themselves alone; pages of mapped
    files, which the system takes back when it needs them, are not in it. processor: moments (seconds since 1970) and
    the processor seconds that all processes had used by then.
    """

    seconds: float
    peak_bytes: int
    output: str
    processor: tuple[tuple[float, float], ...] = ()
    driver_bytes: int = 0

    def figures(self) -> dict[str, float]:
        """What the results keep."""
        return {"seconds": self.seconds, "peak_bytes": self.peak_bytes, "driver_bytes": self.driver_bytes}

    def cores_used(self, begin: float, end: float) -> float:
        """How many cores were busy on average between two moments; 0 where nothing was recorded."""
        return (self._used(end) - self._used(begin)) / (end - begin) if end > begin else 0.0

    def _used(self, moment: float) -> float:
        before, after = (0.0, 0.0), None
        for sample in self.processor:
            if sample[0] > moment:
                after = sample
                break
            before = sample
        if after is None or before[0] == 0:
            return before[1]
        share = (moment - before[0]) / (after[0] - before[0])
        return before[1] + share * (after[1] - before[1])


def measure(command: Sequence[str], folder: Path, cpus: Collection[int] = ()) -> Measurement:
    """Run a command in a folder and wait for it; RuntimeError with the end of its messages if it fails.

    cpus: the processors that it may use, if not all; Linux only.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages, _limited_to(cpus):
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
        watch = _Watch(process.pid)
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
        return Measurement(seconds, watch.peak_bytes, _text(output), tuple(watch.processor), watch.driver_bytes)


@contextlib.contextmanager
def _limited_to(cpus: Collection[int]) -> Iterator[None]:
    """What is started meanwhile inherits the limit."""
    if not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class _Watch(threading.Thread):
    """Looks again and again at one session's processes; on Linux only, elsewhere there is nothing to see.

    What counts is the proportional set size: a page that n processes share counts 1/n for each of them.
    """

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = self.driver_bytes = 0
        self.processor: list[tuple[float, float]] = []
        self._session = session
        self._stopped = threading.Event()

    def run(self) -> None:
        next_memory = 0.0
        while True:
            processes = _processes_of(self._session)
            # The command itself holds the time of what it started and has ended; a look that came too late misses it.
            if Path("/proc", str(self._session)) in processes:
                self.processor.append((time.time(), sum(processes.values()) / TICKS))
            started = time.perf_counter()
            if started >= next_memory:
                memory = [_Memory.of(process) for process in processes]
                self.peak_bytes = max(self.peak_bytes, sum(one.proportional for one in memory))
                of_driver = sum(one.private for one in memory if not one.of_task)
                self.driver_bytes = max(self.driver_bytes, of_driver)
                # Linux walks all pages to answer: never spend more than a fiftieth of a core on it.
                ended = time.perf_counter()
                next_memory = ended + 50 * (ended - started)
            if self._stopped.wait(PAUSE):
                return

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def _processes_of(session: int) -> dict[Path, int]:
    """The session's processes, each with its processor time in ticks."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):  # it has ended meanwhile
            continue
        if int(fields[SESSION_FIELD]) == session:
            found[process] = sum(map(int, fields[TIME_FIELDS]))
    return found


@dataclass(frozen=True)
class _Memory:
    """Of one process, in bytes. of_task: whether it is one of Spark's Python workers, or what forks them."""

    proportional: int = 0
    private: int = 0
    of_task: bool = False

    @classmethod
    def of(cls, process: Path) -> _Memory:
        try:
            lines = (process / "smaps_rollup").read_text().splitlines()
            command = (process / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            return cls()
        sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines[1:])}
        return cls(sizes["Pss"], sizes["Anonymous"], b"pyspark.worker" in command)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")

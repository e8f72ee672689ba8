"""Progress of the job or of another long command: a line on a terminal, and nothing elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self, TextIO

_INTERVAL = 0.5  # seconds


class StageTasks(Protocol):
    """What runs the tasks of stages, one stage after the other."""

    def begin(self, stage: str) -> None:
        """From now on tasks are those of this stage."""

    def count(self, stage: str) -> tuple[int, int]:
        """Finished and known tasks of a stage."""


class _Line:
    """The last line of a terminal, which each call replaces. On another stream nothing is written."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None

    @property
    def is_seen(self) -> bool:
        return self._stream is not None

    def show(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(f"\r\x1b[K{text}")
            self._stream.flush()


class Progress:
    """Measures the seconds of each stage of a run and, on a terminal, shows a line for each with the time left.

    seconds: by stage, in the order in which the stages started.
    """

    def __init__(self, *, shown: bool, stream: TextIO = sys.stderr) -> None:
        """shown: whether to show lines. They are only shown if the stream is a terminal."""
        self._line = _Line(stream if shown else None)
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, name: str, tasks: StageTasks | None = None) -> Iterator[None]:
        """Measure a stage. tasks: what runs its tasks, whose numbers the line then shows as well."""
        start = time.monotonic()
        done = threading.Event()
        watcher = None
        if tasks is not None:
            tasks.begin(name)
        if self._line.is_seen:
            watcher = threading.Thread(target=self._watch, args=(name, tasks, start, done), daemon=True)
            watcher.start()
        try:
            yield
        finally:
            done.set()
            if watcher is not None:
                watcher.join()
            self.seconds[name] = round(self.seconds.get(name, 0) + time.monotonic() - start, 3)
            self._line.show(f"{name:<8} {self.seconds[name]:7.1f} s\n")

    def _watch(self, name: str, tasks: StageTasks | None, start: float, done: threading.Event) -> None:
        while not done.wait(_INTERVAL):
            elapsed = time.monotonic() - start
            finished, total = (0, 0) if tasks is None else tasks.count(name)
            if total:
                left = f", about {elapsed * (total - finished) / finished:.0f} s left" if finished else ""
                self._line.show(f"{name:<8} {elapsed:7.1f} s  {finished}/{total} tasks{left}")
            else:
                self._line.show(f"{name:<8} {elapsed:7.1f} s")


class Meter:
    """Shows which share of the work is done, and the time left. Use it as a context manager."""

    def __init__(self, name: str, total: int, stream: TextIO | None = None) -> None:
        """total: of the amounts given to `advance`. stream: standard error by default."""
        self._line = _Line(sys.stderr if stream is None else stream)
        self._name, self._total, self._done = name, total, 0
        self._start = self._shown = time.monotonic()

    def advance(self, amount: int = 1) -> None:
        """This amount more is done."""
        self._done += amount
        now = time.monotonic()
        if not self._line.is_seen or now - self._shown < _INTERVAL or not self._done:
            return
        self._shown = now
        left = (now - self._start) * (self._total - self._done) / self._done
        self._line.show(f"{self._name:<8} {self._done / self._total:4.0%}, about {left:.0f} s left")

    def __enter__(self) -> Self:
        """Return the meter."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear the line."""
        self._line.show("")

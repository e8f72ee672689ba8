"""What a person sees while the job runs."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pyspark import SparkContext

_INTERVAL = 0.5  # seconds


class Progress:
    """Times the stages of a run and, on a terminal, shows a line for each with the time left.

    seconds: by stage, in the order in which they ran.
    """

    def __init__(self, *, shown: bool, stream: TextIO = sys.stderr) -> None:
        """Show lines only if asked to and if the stream is a terminal."""
        self._stream = stream if shown and stream.isatty() else None
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, name: str, context: SparkContext | None = None) -> Iterator[None]:
        """Time a stage; with a Spark context, its jobs are followed task by task."""
        start = time.monotonic()
        done = threading.Event()
        watcher = None
        if context is not None:
            context.setJobGroup(name, name)
        if self._stream is not None:
            watcher = threading.Thread(target=self._watch, args=(name, context, start, done), daemon=True)
            watcher.start()
        try:
            yield
        finally:
            done.set()
            if watcher is not None:
                watcher.join()
            self.seconds[name] = round(self.seconds.get(name, 0) + time.monotonic() - start, 3)
            self._show(f"{name:<8} {self.seconds[name]:7.1f} s\n")

    def _watch(self, name: str, context: SparkContext | None, start: float, done: threading.Event) -> None:
        while not done.wait(_INTERVAL):
            elapsed = time.monotonic() - start
            finished, total = (0, 0) if context is None else _tasks(context, name)
            if total:
                left = f", about {elapsed * (total - finished) / finished:.0f} s left" if finished else ""
                self._show(f"{name:<8} {elapsed:7.1f} s  {finished}/{total} tasks{left}")
            else:
                self._show(f"{name:<8} {elapsed:7.1f} s")

    def _show(self, line: str) -> None:
        if self._stream is not None:
            self._stream.write(f"\r\x1b[K{line}")
            self._stream.flush()


def _tasks(context: SparkContext, group: str) -> tuple[int, int]:
    """Finished and known tasks of a group of Spark jobs."""
    tracker = context.statusTracker()
    finished = total = 0
    for job in tracker.getJobIdsForGroup(group):
        info = tracker.getJobInfo(job)
        for number in info.stageIds if info is not None else []:
            stage = tracker.getStageInfo(number)
            if stage is not None:
                finished += stage.numCompletedTasks
                total += stage.numTasks
    return finished, total

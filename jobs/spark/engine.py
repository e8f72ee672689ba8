"""The interface of the Spark that runs a run's tasks, and the Spark of this process's own Java behind it.

The other implementation is a session of a Spark Connect server (connect.py). session.py chooses.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import warnings
from abc import ABC, abstractmethod

from pyspark import SparkContext
from pyspark.sql import SparkSession

from jobs.reporting.progress import StageTasks


class Engine(StageTasks, ABC):
    """A Spark that has started."""

    @property
    @abstractmethod
    def cores(self) -> int:
        """Tasks that it can run at the same time."""

    @property
    @abstractmethod
    def is_local(self) -> bool:
        """Whether all tasks run on this machine and end with this process."""

    @property
    @abstractmethod
    def session(self) -> SparkSession:
        """Runs queries."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it, once it is idle."""

    @abstractmethod
    def abandon(self) -> None:
        """Stop it after an error, without a word about the tasks that were still running."""


@dataclasses.dataclass(frozen=True)
class ClassicEngine(Engine):
    """As Engine: Spark whose Java runs beside this process, on this machine alone or with a cluster."""

    context: SparkContext

    @property
    def cores(self) -> int:
        """As in Engine."""
        return int(self.context.defaultParallelism)

    @property
    def is_local(self) -> bool:
        """As in Engine."""
        return str(self.context.master).partition("[")[0] == "local"

    @property
    def session(self) -> SparkSession:
        """As in Engine."""
        return SparkSession.builder.getOrCreate()

    def begin(self, stage: str) -> None:
        """As in StageTasks."""
        self.context.setJobGroup(stage, stage)

    def count(self, stage: str) -> tuple[int, int]:
        """As in StageTasks."""
        tracker = self.context.statusTracker()
        finished = total = 0
        for job in tracker.getJobIdsForGroup(stage):
            info = tracker.getJobInfo(job)
            for number in info.stageIds if info is not None else []:
                found = tracker.getStageInfo(number)
                if found is not None:
                    finished += found.numCompletedTasks
                    total += found.numTasks
        return finished, total

    def stop(self) -> None:
        """As in Engine; in a thread. This takes PySpark a second, and what is left ends with this process."""
        threading.Thread(target=self.context.stop, daemon=True).start()

    def abandon(self) -> None:
        """As in Engine."""
        # Java may have been interrupted in the middle of an answer, and be gone, of which PySpark warns.
        with warnings.catch_warnings(action="ignore"):
            with contextlib.suppress(Exception):
                self.context.setLogLevel("OFF")
            with contextlib.suppress(Exception):
                self.context.stop()

"""Stages as Spark jobs: Spark hands out numbers of tasks and collects reports."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from jobs.exchange.folder import remove_sent
from jobs.exchange.stage import Stage
from jobs.spark.engine import ClassicEngine, Engine
from lookalike.outputs.durable import flushed_behind

Report = TypeVar("Report")


@dataclasses.dataclass(frozen=True)
class SparkRunner(abc.ABC):
    """Runs stages on a Spark. What a stage has received is removed when it has ended."""

    engine: Engine

    @property
    def cores(self) -> int:
        """Tasks that Spark can run at the same time."""
        return self.engine.cores

    @abc.abstractmethod
    def do(self, stage: Stage[Report], *, count: int, tasks: int) -> list[Report]:
        """What a stage reports of the numbers 0 to count - 1, in their order; shared by so many tasks."""


@dataclasses.dataclass(frozen=True)
class FolderRunner(SparkRunner):
    """Runs stages that exchange rows through files of the work folder."""

    engine: ClassicEngine
    work: Path

    def do(self, stage: Stage[Report], *, count: int, tasks: int) -> list[Report]:
        """As in SparkRunner."""
        numbers = self.engine.context.parallelize(range(count), max(1, tasks))
        reports = list(numbers.mapPartitions(Flushed(stage)).collect())
        for route in stage.receives:
            remove_sent(self.work, route.channel)
        return reports


@dataclasses.dataclass(frozen=True)
class Flushed(Generic[Report]):
    """Task function: a stage whose files reach the disk while it goes on, and whose reports come once all have."""

    stage: Callable[[Iterable[int]], Iterator[Report]]

    def __call__(self, numbers: Iterable[int]) -> Iterator[Report]:
        """Do the stage."""
        with flushed_behind():
            reports = list(self.stage(numbers))
        return iter(reports)

"""Stages as Spark jobs: Spark hands out numbers of tasks and collects reports."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pyspark import SparkContext

from jobs.exchange.flushed import Flushed

Report = TypeVar("Report")


@dataclasses.dataclass(frozen=True)
class SparkRunner:
    """Runs stages on a Spark context. A stage takes numbers and returns reports; rows travel through files."""

    context: SparkContext

    @property
    def cores(self) -> int:
        """Tasks that Spark can run at the same time."""
        return int(self.context.defaultParallelism)

    @property
    def is_local(self) -> bool:
        """Whether all tasks run on this machine and end with this process."""
        return str(self.context.master).partition("[")[0] == "local"

    def do(self, stage: Callable[[Iterable[int]], Iterator[Report]], *, count: int, tasks: int) -> list[Report]:
        """What a stage reports of the numbers 0 to count - 1, shared by so many tasks."""
        numbers = self.context.parallelize(range(count), max(1, tasks))
        return list(numbers.mapPartitions(Flushed(stage)).collect())

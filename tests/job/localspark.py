"""What the job needs of Spark, in this process and one task after the other.

Functions and partitions as Spark has them, functions and results pickled on their way to a task and back. So
hundreds of small inputs with any number of tasks take seconds.
"""

import itertools
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyspark import cloudpickle

from jobs.spark.engine import ClassicEngine

Function = Callable[[Iterator[Any]], Iterable[Any]]


class Numbers:
    """An RDD of numbers, or of what a function made of them: the values of each partition.

    attempts: how often each task runs; what the last run of it returns counts, as if those before had been lost.
    """

    attempts = 1

    def __init__(self, partitions: list[list[Any]]) -> None:
        self._partitions = partitions

    def mapPartitions(self, function: Function) -> "Numbers":  # noqa: N802  # Spark's name
        pickled = cloudpickle.dumps(function)  # type: ignore[no-untyped-call]  # PySpark has no types here
        for _ in range(self.attempts):
            mapped = [list(cloudpickle.loads(pickled)(iter(values))) for values in self._partitions]
        return Numbers(mapped)

    def collect(self) -> list[Any]:
        return [pickle.loads(pickle.dumps(value)) for values in self._partitions for value in values]


class Context:
    """A Spark of as many cores as asked for: they decide how many tasks the job makes."""

    master = "local[1]"

    def __init__(self, cores: int) -> None:
        self.defaultParallelism = cores

    def parallelize(self, numbers: range, count: int) -> Numbers:
        cuts = [len(numbers) * part // count for part in range(count + 1)]
        return Numbers([list(numbers[start:end]) for start, end in itertools.pairwise(cuts)])

    def setJobGroup(self, *_: str) -> None:  # noqa: N802  # Spark's name
        pass

    def stop(self) -> None:
        pass


def engine(cores: int) -> ClassicEngine:
    """What a run takes for a Spark that has started."""
    return ClassicEngine(Context(cores))  # type: ignore[arg-type]  # as much of Spark as is used

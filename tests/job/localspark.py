"""What the job needs of Spark, in this process and one task after the other.

Functions and partitions as Spark has them, each function pickled on its way to a task. So hundreds of small
inputs with any number of tasks take seconds.
"""

import itertools
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
from pyspark import cloudpickle

from jobs.config import JobConfig

Function = Callable[[Iterator[pa.RecordBatch]], Iterable[pa.RecordBatch]]


class Frame:
    """A DataFrame, computed at once: the record batches of each partition.

    attempts: how often each task runs; what the last run of it returns counts, as if those before had been lost.
    """

    attempts = 1

    def __init__(self, partitions: list[list[pa.RecordBatch]]) -> None:
        self._partitions = partitions

    def mapInArrow(self, function: Function, schema: str) -> "Frame":  # noqa: N802  # Spark's name
        names = [column.split()[0] for column in schema.split(", ")]
        pickled = cloudpickle.dumps(function)  # type: ignore[no-untyped-call]  # PySpark has no types here
        for _ in range(self.attempts):
            mapped = [list(cloudpickle.loads(pickled)(iter(batches))) for batches in self._partitions]
        assert all(batch.schema.names == names for batches in mapped for batch in batches)
        return Frame(mapped)

    def repartitionById(self, count: int, column: str) -> "Frame":  # noqa: N802  # Spark's name
        parts: dict[int, list[pa.RecordBatch]] = defaultdict(list)
        for batch in self._batches():
            for row in range(batch.num_rows):
                parts[batch[column][row].as_py()].append(batch.slice(row, 1))
        assert set(parts) <= set(range(count))
        return Frame([parts[number] for number in range(count)])

    def union(self, other: "Frame") -> "Frame":
        return Frame([*self._partitions, *other._partitions])

    def where(self, condition: "Condition") -> "Frame":
        return Frame([[condition.among(batch) for batch in batches] for batches in self._partitions])

    def select(self, column: str) -> "Frame":
        return Frame([[batch.select([column]) for batch in batches] for batches in self._partitions])

    def persist(self, _level: object) -> "Frame":
        return self

    def unpersist(self) -> "Frame":
        return self

    def collect(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(**row) for batch in self._batches() for row in batch.to_pylist()]

    def _batches(self) -> Iterator[pa.RecordBatch]:
        return (batch for batches in self._partitions for batch in batches)


class Session:
    """A session of as many cores as asked for: they decide how many tasks the job makes."""

    def __init__(self, _config: JobConfig, cores: int) -> None:
        self.sparkContext = SimpleNamespace(defaultParallelism=cores, setJobGroup=lambda *_: None)

    def range(self, start: int, end: int, _step: int, count: int) -> Frame:
        cuts = [start + (end - start) * part // count for part in range(count + 1)]
        numbers = [pa.array(range(*cut), pa.int64()) for cut in itertools.pairwise(cuts)]
        return Frame([[pa.record_batch({"id": part})] for part in numbers])

    def stop(self) -> None:
        pass


class Condition:
    """A column compared with a value."""

    def __init__(self, column: str, holds: Callable[[str, str], bool], value: str) -> None:
        self._column, self._holds, self._value = column, holds, value

    def among(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        holds = [self._holds(found, self._value) for found in batch[self._column].to_pylist()]
        return batch.filter(pa.array(holds, pa.bool_()))


class _Column:
    def __init__(self, name: str) -> None:
        self._name = name

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]  # as a Spark column
        return Condition(self._name, operator.eq, str(value))

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]  # likewise
        return Condition(self._name, operator.ne, str(value))

    __hash__ = None  # type: ignore[assignment]  # likewise


def col(name: str) -> Any:
    """As pyspark.sql.functions.col."""
    return _Column(name)

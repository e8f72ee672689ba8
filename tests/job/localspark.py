"""What the job needs of Spark, in this process and one task after the other.

Functions and partitions as Spark has them, each function pickled on its way to a task. So hundreds of small
inputs with any number of tasks take seconds.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace

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
        # Spark takes the remainder, and a report is for whom it may reach.
        assert set(parts) <= {-1, *range(count)}
        parts[count - 1] += parts.pop(-1, [])
        return Frame([parts[number] for number in range(count)])

    def select(self, column: str) -> "Frame":
        return Frame([[batch.select([column]) for batch in batches] for batches in self._partitions])

    def collect(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(**row) for batch in self._batches() for row in batch.to_pylist()]

    def _batches(self) -> Iterator[pa.RecordBatch]:
        return (batch for batches in self._partitions for batch in batches)


class Session:
    """A session of as many cores as asked for: they decide how many tasks the job makes."""

    def __init__(self, _config: JobConfig, cores: int) -> None:
        self.sparkContext = SimpleNamespace(master="local[1]", defaultParallelism=cores, setJobGroup=lambda *_: None)

    def range(self, start: int, end: int, _step: int, count: int) -> Frame:
        cuts = [start + (end - start) * part // count for part in range(count + 1)]
        numbers = [pa.array(range(*cut), pa.int64()) for cut in itertools.pairwise(cuts)]
        return Frame([[pa.record_batch({"id": part})] for part in numbers])

    def stop(self) -> None:
        pass

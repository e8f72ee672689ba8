"""Spark's shuffle as the job uses it, in this process: rows come in any order, and tasks may run more than once."""

import dataclasses
import itertools
import pickle
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeVar

import pyarrow as pa
from pyspark import cloudpickle

from jobs.exchange.shuffle import BLOBS
from jobs.exchange.stage import Stage
from jobs.spark.runner import SparkRunner
from jobs.spark.shufflerunner import MailedStage

Report = TypeVar("Report")
Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class LocalShuffle(SparkRunner):
    """Runs stages as ShuffleRunner does.

    attempts: how often each task runs; the last counts. stages: names of those that ran.
    """

    chance: random.Random
    attempts: int = 1
    sent: dict[str, list[Row]] = dataclasses.field(default_factory=dict)
    stages: list[str] = dataclasses.field(default_factory=list)

    def do(self, stage: Stage[Report], *, count: int, tasks: int) -> list[Report]:
        self.stages.append(type(stage).__name__)
        pickled = cloudpickle.dumps(MailedStage(stage))  # type: ignore[no-untyped-call]  # PySpark has no types here
        rows: list[Row] = []
        for partition in self._partitions(stage, count, tasks):
            for _ in range(self.attempts):
                batches = list(cloudpickle.loads(pickled)(self._batches(partition)))
            rows += [row for batch in batches for row in batch.to_pylist()]
        for route in stage.receives:
            del self.sent[route.channel]
        for channel in stage.sends:
            self.sent[channel] = [row for row in rows if row["channel"] == channel]
        reports = [row for row in rows if row["channel"] == "reports"]
        assert len(rows) == len(reports) + sum(len(self.sent[channel]) for channel in stage.sends)
        self.chance.shuffle(reports)
        return [pickle.loads(row["payload"]) for row in sorted(reports, key=lambda r: (r["source"], r["sequence"]))]

    def _partitions(self, stage: Stage[Any], count: int, tasks: int) -> list[list[Row]]:
        numbers = [
            {"channel": "numbers", "source": 0, "sequence": 0, "target": number, "payload": b""}
            for number in range(count)
        ]
        if not stage.receives:
            cuts = [count * part // max(1, tasks) for part in range(max(1, tasks) + 1)]
            return [numbers[start:end] for start, end in itertools.pairwise(cuts)]
        received = defaultdict(list)
        for route in stage.receives:
            for row in self.sent[route.channel]:
                received[route.number(row["target"])].append(row)
        assert set(received) <= set(range(count))
        return [[row, *received[number]] for number, row in enumerate(numbers)]

    def _batches(self, rows: list[Row]) -> Iterator[pa.RecordBatch]:
        rows = self.chance.sample(rows, len(rows))
        size = self.chance.choice([1, 3, 1000])
        for start in range(0, len(rows), size):
            yield pa.RecordBatch.from_pylist(rows[start : start + size], schema=BLOBS)

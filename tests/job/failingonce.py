"""Tasks of which one in each stage fails once on Spark's shuffle, after a part of what it gives was handed over."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark import cloudpickle
from pyspark.sql.classic.dataframe import DataFrame

from jobs.exchange.stage import Stage
from jobs.spark.shufflerunner import MailedStage


class FailingOnce:
    """A function of mapInArrow; how: killed or raising. traces: folder where a file names each stage that failed."""

    def __init__(self, function: MailedStage[Any], how: str, traces: Path) -> None:
        self._function, self._how, self._traces = function, how, traces

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in self._function(batches):
            yield batch
            try:
                (self._traces / name_of(self._function.stage)).touch(exist_ok=False)
            except FileExistsError:
                continue
            if self._how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise ValueError("a task fails once")


def name_of(stage: Stage[Any]) -> str:
    return type(stage).__name__


def fail_once(monkeypatch: pytest.MonkeyPatch, how: str, traces: Path) -> None:
    """From now on the first task of each stage that has something to pass on fails."""
    monkeypatch.setattr(DataFrame, "mapInArrow", failing(DataFrame.mapInArrow, how, traces))


def failing(map_in_arrow: Any, how: str, traces: Path) -> Any:
    def call(frame: DataFrame, function: MailedStage[Any], *arguments: Any) -> DataFrame:
        return map_in_arrow(frame, FailingOnce(function, how, traces), *arguments)

    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # type: ignore[no-untyped-call]  # PySpark has no types here
    return call

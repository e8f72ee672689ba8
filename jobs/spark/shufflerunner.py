"""Stages as queries of a Spark session, which moves what they exchange in its shuffle."""

from __future__ import annotations

import dataclasses
import functools
import pickle
from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.exchange.shuffle import BLOBS, Mail, Received, Sent, opened
from jobs.exchange.stage import ChannelName, Route, Stage
from jobs.spark.runner import SparkRunner
from lookalike.outputs.durable import flushed_behind

Report = TypeVar("Report")

_BLOBS: Final = "channel string, source int, sequence int, target int, payload binary"
_NUMBERS: Final = "numbers"  # the channel of the numbers themselves: target is the number
_REPORTS: Final = "reports"  # the channel of what goes to the driver: source is the number
_SETTINGS: Final = {
    # A partition is what one number receives: it must not be joined with others.
    "spark.sql.adaptive.enabled": "false",
    # With one of these Spark keeps what a copy of the session computes. With Spark Connect each copy would have its
    # own packed Python, unpacked on every machine, and its own workers.
    "spark.sql.adaptive.applyFinalStageShuffleOptimizations": "false",
    "spark.sql.sources.bucketing.autoBucketedScan.enabled": "false",
    # What is kept is a few large blobs, and no column of many values.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(16 << 20),
}


@dataclasses.dataclass(frozen=True)
class ShuffleRunner(SparkRunner):
    """Runs stages that exchange rows through Spark's shuffle.

    Spark keeps what a stage has sent, with its reports, on the disks of the executors: the reports are collected
    first, and the rows read later, and the stage must not run twice for it. What is lost with an executor is made
    again.
    """

    _sent: dict[ChannelName, _Sent] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def _session(self) -> SparkSession:
        session = self.engine.session
        for setting, value in _SETTINGS.items():
            session.conf.set(setting, value)
        return session

    def do(self, stage: Stage[Report], *, count: int, tasks: int) -> list[Report]:
        """As in SparkRunner. What receives rows has a task for each number."""
        rows = self._numbers(count, tasks)
        if stage.receives:
            rows = rows.select("*", F.col("target").alias("number"))
            for received in self._received(stage.receives):
                rows = rows.union(received)
            rows = rows.repartitionById(max(1, count), F.col("number")).drop("number")
        done = rows.mapInArrow(MailedStage(stage), _BLOBS)
        if stage.sends:
            done = done.persist(StorageLevel.DISK_ONLY)
            self._keep(_Sent(done, set(stage.sends)))
        reports = done.where(F.col("channel") == _REPORTS).select("source", "sequence", "payload").collect()
        for route in stage.receives:
            self._sent.pop(route.channel).forget(route.channel)
        return [
            pickle.loads(report.payload) for report in sorted(reports, key=lambda row: (row.source, row.sequence))
        ]

    def _numbers(self, count: int, tasks: int) -> DataFrame:
        """A row for each number, in so many partitions."""
        values = {
            "channel": F.lit(_NUMBERS),
            "source": F.lit(0),
            "sequence": F.lit(0),
            "target": F.col("id").cast("int"),
            "payload": F.lit(b""),
        }
        numbers = self._session.range(0, count, 1, max(1, tasks))
        return numbers.select(*(value.alias(name) for name, value in values.items()))

    def _keep(self, sent: _Sent) -> None:
        """From now on read these channels from there. A stage may run again if its reports say so."""
        for channel in tuple(sent.channels):
            if channel in self._sent:
                self._sent[channel].forget(channel)
            self._sent[channel] = sent

    def _received(self, routes: tuple[Route, ...]) -> Iterator[DataFrame]:
        """What comes through these routes, with the number that it is for."""
        for frame in {id(sent): sent.frame for sent in (self._sent[route.channel] for route in routes)}.values():
            of_frame = [route for route in routes if self._sent[route.channel].frame is frame]
            chosen = frame.where(F.col("channel").isin([route.channel for route in of_frame]))
            yield chosen.select("*", _number(of_frame).alias("number"))


@dataclasses.dataclass(frozen=True)
class _Sent:
    """What a stage has sent, as kept by Spark; channels: those that are still to be received."""

    frame: DataFrame
    channels: set[ChannelName]

    def forget(self, channel: ChannelName) -> None:
        """Remove it from the disks once nothing of it is wanted any more."""
        self.channels.remove(channel)
        if not self.channels:
            self.frame.unpersist()


def _number(routes: Iterable[Route]) -> Column:
    """The number of the stage that a row is for."""
    cases: Column = F.lit(None)
    for route in routes:
        number = route.number(F.col("target"))
        cases = F.when(F.col("channel") == route.channel, number).otherwise(cases)
    return cases.cast("int")


@dataclasses.dataclass(frozen=True)
class MailedStage(Generic[Report]):
    """Function of mapInArrow: numbers and what they receive in, what they send and report out.

    All of it are rows of BLOBS. With several numbers in a partition none receives anything.
    """

    stage: Stage[Report]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Do the stage."""
        received = Received([route.channel for route in self.stage.receives])
        for batch in batches:
            received.deliver(batch)
        for number in received.targets(_NUMBERS):
            with Sent(self.stage.sends) as sent:
                with opened(Mail(received, sent)), flushed_behind():
                    reports = list(self.stage([number]))
                yield from sent.batches()
                yield _report_rows(number, reports)


def _report_rows(number: int, reports: list[Report]) -> pa.RecordBatch:
    columns = {
        "channel": [_REPORTS] * len(reports),
        "source": [number] * len(reports),
        "sequence": range(len(reports)),
        "target": [number] * len(reports),
        "payload": [pickle.dumps(report) for report in reports],
    }
    return pa.record_batch([pa.array(columns[field.name], field.type) for field in BLOBS], schema=BLOBS)

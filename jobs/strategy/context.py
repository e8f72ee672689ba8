"""What all parts of one run know."""

from __future__ import annotations

import dataclasses

from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.options.config import JobConfig
from jobs.options.ignored import IgnoreList
from jobs.reporting.progress import Progress
from jobs.spark.runner import SparkRunner
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.publisher import Publication


@dataclasses.dataclass(frozen=True)
class RunContext:
    """One run, once Spark is there and the accounts are read.

    publication: the snapshot that it writes. work: for what only this run needs. accounts: the table of accounts,
    which the tasks map into memory.
    """

    config: JobConfig
    ignored: IgnoreList
    publication: Publication
    work: WorkPlace
    accounts: WorkFile
    spark: SparkRunner
    progress: Progress

    @property
    def output(self) -> OutputPlace:
        """The place that the snapshot is published in."""
        return self.publication.output

    @property
    def snapshot(self) -> str:
        """The id of the snapshot."""
        return self.publication.id

"""The one place that chooses how stages exchange rows."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

from pyspark import SparkContext

from jobs.exchange.stage import Stage
from jobs.spark.runner import FolderRunner, SparkRunner, is_local
from jobs.spark.shufflerunner import ShuffleRunner

_LOOKS: Final = 4  # tasks a core that look for the marker, so that every executor is likely to run one


def choose_runner(context: SparkContext, exchange: Literal["auto", "folder", "shuffle"], work: Path) -> SparkRunner:
    """What runs the stages; exchange: as the option says. work: the work folder."""
    folder = FolderRunner(context, work)
    if exchange == "folder" or (exchange == "auto" and _is_shared(folder)):
        return folder
    return ShuffleRunner(context)


def _is_shared(runner: FolderRunner) -> bool:
    """Whether tasks of all executors see the work folder."""
    if is_local(runner.context):
        return True
    marker = SeesMarker(runner.work / "marker", secrets.token_hex(16))
    marker.path.write_text(marker.content)
    count = _LOOKS * runner.cores
    seen: list[bool] = runner.do(marker, count=count, tasks=count)
    return all(seen)


@dataclasses.dataclass(frozen=True)
class SeesMarker(Stage[bool]):
    """Task function: numbers in; for each whether the file is there with this content."""

    path: Path
    content: str

    def __call__(self, numbers: Iterable[int]) -> Iterator[bool]:
        """Look for the file."""
        for _ in numbers:
            try:
                yield self.path.read_text() == self.content
            except OSError:
                yield False

"""The one place that chooses how stages exchange rows, and where a run keeps its work files."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

from jobs.exchange.stage import Stage
from jobs.exchange.workfolder import WorkFolder
from jobs.exchange.workobjects import WorkObjects
from jobs.exchange.workplace import WorkPlace
from jobs.spark.engine import ClassicEngine, Engine
from jobs.spark.runner import FolderRunner, SparkRunner
from jobs.spark.shufflerunner import ShuffleRunner
from lookalike.errors import JobError, UsageError
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.publisher import Publication

_LOOKS: Final = 4  # tasks a core that look for the marker, so that every executor is likely to run one


def choose_runner(engine: Engine, exchange: Literal["auto", "folder", "shuffle"], work: Path) -> SparkRunner:
    """What runs the stages; exchange: as the option says. work: the work folder. Raises UsageError."""
    if isinstance(engine, ClassicEngine):
        folder = FolderRunner(engine, work)
        if exchange == "folder" or (exchange == "auto" and _is_shared(folder)):
            return folder
    elif exchange == "folder":
        raise UsageError("--exchange folder: rows go through the shuffle with Spark Connect")
    return ShuffleRunner(engine)


@contextlib.contextmanager
def work_place(runner: SparkRunner, output: OutputPlace, publication: Publication) -> Iterator[WorkPlace]:
    """Where a run keeps its work files.

    That is the work folder where rows go through it, or where the output is a folder as well. Else it is the store of
    the output.
    """
    if isinstance(runner, FolderRunner) or isinstance(output, Path):
        yield WorkFolder(publication.work, flushed=not runner.engine.is_local)
        return
    work = WorkObjects(output, publication.id, publication.work)
    try:
        yield work
    finally:
        with contextlib.suppress(JobError):  # the next run does it
            work.remove()


def _is_shared(runner: FolderRunner) -> bool:
    """Whether tasks of all executors see the work folder."""
    if runner.engine.is_local:
        return True
    marker = SeesMarker(runner.work / "marker", secrets.token_hex(16))
    marker.path.write_text(marker.content)
    count = _LOOKS * runner.cores
    seen: list[bool] = runner.do(marker, count=count, tasks=count)
    marker.path.unlink()
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

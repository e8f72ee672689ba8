"""A run of the job that is killed at a given moment: python dying_run.py {spark|alone} MOMENT JOB-OPTIONS...

With `alone` the tasks run in this process, without Spark. The process gets SIGKILL, as from a machine that runs
out of memory: nothing in it is left to clean up.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

from jobs.exchange.reports import WriteReport
from jobs.incremental import strategy as incremental
from jobs.options.cli import parse_arguments
from jobs.pipeline import run
from jobs.reporting.progress import Progress
from jobs.spark.session import start_spark
from jobs.strategy import full, shared
from lookalike.outputs import folder
from lookalike.outputs.layout import CURRENT
from lookalike.snapshots import publisher
from tests.job import localspark


def dying_task(stage: Any) -> Callable[..., Any]:
    """The stage, but the first task that has something to pass on kills the driver and goes no further."""
    driver = os.getpid()

    def make(*arguments: Any, **options: Any) -> Callable[[Iterable[Any]], Iterator[Any]]:
        function = stage(*arguments, **options)

        def task(batches: Iterable[Any]) -> Iterator[Any]:
            for result in function(batches):
                if isinstance(result, WriteReport) and not result.files:
                    yield result
                    continue
                os.kill(driver, signal.SIGKILL)
                while True:
                    signal.pause()
                yield result

        return task

    return make


def dying_after(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but the process dies before it returns."""

    def call(*arguments: Any, **options: Any) -> None:
        function(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    return call


def dying_before_current(function: Callable[..., Any]) -> Callable[..., Any]:
    """write_durably, but the process dies when the new snapshot is about to be made live."""

    def call(target: Any, data: bytes) -> None:
        if target.name == CURRENT:
            os.kill(os.getpid(), signal.SIGKILL)
        function(target, data)

    return call


# Where to die: an attribute of a module, and what to put in its place.
MOMENTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "accounts": (run, "read_accounts", dying_after),
    "scan": (shared, "DeduplicatePosts", dying_task),
    "group": (full, "GroupMembers", dying_task),
    "compare": (shared, "ComparePairs", dying_task),
    "write": (full, "WriteTables", dying_task),
    "merge members": (incremental, "MergeMembers", dying_task),
    "merge tables": (incremental, "MergeTables", dying_task),
    "validate": (publisher, "validate", dying_after),
    "switch": (folder, "write_durably", dying_before_current),
}


def start(kind: str) -> Future[Any]:
    """Spark, or what stands in for it, with one core: no other task is at work when one dies."""
    if kind == "spark":
        return start_spark("dying")
    started: Future[Any] = Future()
    started.set_result(localspark.engine(1))
    return started


if __name__ == "__main__":
    _, kind, moment, *options = sys.argv
    module, name, replacement = MOMENTS[moment]
    setattr(module, name, replacement(getattr(module, name)))
    run.run_job(parse_arguments(options).config, lambda: start(kind), Progress(shown=False))

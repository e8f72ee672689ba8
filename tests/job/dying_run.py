"""A run of the job that is killed at a given moment: python dying_run.py MOMENT JOB-OPTIONS...

The process gets SIGKILL, as from a machine that runs out of memory: nothing in it is left to clean up.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jobs import execution, pipeline
from jobs.cli import parse_arguments
from jobs.increments import execution as increments
from jobs.progress import Progress
from jobs.session import start_spark
from jobs.snapshots import publisher
from jobs.snapshots.layout import CURRENT


def dying_task(stage: Any) -> Callable[..., Any]:
    """The stage, but the first task that has something to pass on kills the driver and goes no further."""
    driver = os.getpid()

    def make(*arguments: Any, **options: Any) -> Callable[[Iterable[Any]], Iterator[Any]]:
        function = stage(*arguments, **options)

        def task(batches: Iterable[Any]) -> Iterator[Any]:
            for result in function(batches):
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
    "accounts": (pipeline, "read_all", dying_after),
    "scan": (execution, "DeduplicatePosts", dying_task),
    "group": (execution, "GroupMembers", dying_task),
    "compare": (execution, "ComparePairs", dying_task),
    "write": (execution, "WriteTables", dying_task),
    "merge members": (increments, "MergeMembers", dying_task),
    "merge tables": (increments, "MergeTables", dying_task),
    "validate": (publisher, "validate", dying_after),
    "switch": (publisher, "write_durably", dying_before_current),
}

if __name__ == "__main__":
    module, name, replacement = MOMENTS[sys.argv[1]]
    setattr(module, name, replacement(getattr(module, name)))
    pipeline.run(parse_arguments(sys.argv[2:]), lambda: start_spark("dying"), Progress(shown=False))

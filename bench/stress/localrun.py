"""The job's main function in this process, with Spark's place taken by what runs tasks one after the other.

Java takes seconds to start, and a trial needs thousands of runs. All else is the code of ./spark-submit.sh.
"""

from __future__ import annotations

import gc
import importlib
import os
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from jobs import similar_accounts
from jobs.spark import daemon, session
from tests.job import localspark

CORES: Final = 2
_LOADED_LATE: Final = ("jobs.pipeline.run", "jobs.pipeline.report", "jobs.reporting.runrecord")


def load() -> None:
    """Load all that a run loads, compiled functions too, so that forks of this process need not."""
    for module in _LOADED_LATE:
        importlib.import_module(module)
    daemon.load()
    gc.unfreeze()  # what is frozen is not cleared up at the end of the process, and DuckDB complains of it


def run(arguments: list[str | Path]) -> int:
    """Run the job with these arguments of ./spark-submit.sh; its exit code.

    The process must end after it: the run has changed its signals and more.
    """
    spark: Future[Any] = Future()
    spark.set_result(localspark.engine(CORES))
    for module, name, value in ((session, "start_spark", spark), (os, "fsync", None)):  # nobody pulls the plug
        setattr(module, name, lambda _, value=value: value)
    return similar_accounts.main([str(argument) for argument in arguments])

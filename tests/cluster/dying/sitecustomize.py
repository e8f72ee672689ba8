"""Lets processes of a cluster die at chosen moments; Python imports it at its start where PYTHONPATH leads here.

LOOKALIKE_TEST_DEATHS is JSON, a list of [stage, victim]. A stage is the name of a task function of the job; its first
task that has something to pass on kills the victim, in the middle of its own work:

python     the task's own process
executor   Spark's process that runs the tasks, as a system does that runs out of memory
worker     all that Spark runs on a machine, with the worker or node manager that has started it
store      nothing here: the trace starts an outage of the store, see tests/stores/test_outages_in_stages.py
link       the same executor, but the task itself goes on, as on a machine that lost only its network: when the
           task's second attempt has done its work and is about to say so, the first does all of it once more.
           It leaves the file `gone on`, with what it passed on, or its error

The moments that have come leave a file in LOOKALIKE_TEST_TRACES, a folder that all machines see.

With LOOKALIKE_TEST_MANY any accounts are as many as tasks read.
"""

import dataclasses
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


class Dying:
    """A stage's function whose first task with a result takes the victim with it."""

    def __init__(self, function: Any, victim: str, traces: Path) -> None:
        self.function, self.victim, self.traces = function, victim, traces

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Do a task."""
        for result in self.function(batches):
            if self.comes_first():
                self.die()
            yield result

    @property
    def sends(self) -> Any:
        """Those of the stage."""
        return self.function.sends

    @property
    def receives(self) -> Any:
        """Those of the stage."""
        return self.function.receives

    def comes_first(self) -> bool:
        """Whether no other task has been here; the file that says so names the task."""
        try:
            with self.trace.open("x") as file:
                file.write(str(partition()))
        except FileExistsError:
            return False
        return True

    @property
    def trace(self) -> Path:
        """The file that says that the moment has come."""
        return self.traces / f"{type(self.function).__name__} {self.victim}"

    def die(self) -> None:
        """Kill the victim, from the top down, and this process last."""
        if self.victim == "store":
            return
        daemon, executor = itertools.islice(ancestors(), 2)
        if self.victim == "link":
            for number in (signal.SIGHUP, signal.SIGTERM):  # the daemon takes its children along
                signal.signal(number, signal.SIG_IGN)
        victims = {
            "python": [],
            "executor": [executor, daemon],
            "worker": [*machine(), executor, daemon],
            "link": [executor],
        }
        for process in victims[self.victim]:
            os.kill(process, signal.SIGKILL)
        if self.victim != "link":
            os.kill(os.getpid(), signal.SIGKILL)


class GoingOn(Dying):
    """The same, but the task that is given up works on beside its second attempt."""

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Do a task."""
        batches = list(batches)
        second, gone_on = self.traces / "second", self.traces / "gone on"
        for result in self.function(batches):
            if self.comes_first():
                self.die()
                wait_for(second)
                try:
                    told = str(sum(1 for _ in self.function(batches)))
                except Exception as error:
                    told = repr(error)
                unfinished = self.traces / ".gone on"
                unfinished.write_text(told)
                unfinished.rename(gone_on)
                os.kill(os.getpid(), signal.SIGKILL)
            yield result
        if self.trace.exists() and self.trace.read_text() == str(partition()):
            second.touch()
            wait_for(gone_on)


def partition() -> int:
    """The number of this task in its stage, the same for all its attempts."""
    from pyspark import TaskContext

    context = TaskContext.get()
    assert context is not None
    return context.partitionId()


def wait_for(file: Path) -> None:
    """Return when the file is there; the test gives up if it never is."""
    while not file.exists():
        time.sleep(0.05)


def ancestors() -> Iterator[int]:
    """The processes above this one: of a task its Python daemon, the executor, the worker."""
    process = os.getppid()
    while True:
        yield process
        process = int((Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[1])


def machine() -> list[int]:
    """The processes above the executor, as far as the one that stands for the machine, and that one first."""
    above = []
    for process in itertools.islice(ancestors(), 2, None):
        above.append(process)
        command = (Path("/proc") / str(process) / "cmdline").read_bytes()
        if any(name in command for name in (b".deploy.worker.Worker", b".nodemanager.NodeManager")):
            return above[::-1]
    raise AssertionError("no worker and no node manager has started this task")


def arrange(deaths: list[list[str]], traces: Path) -> None:
    """Have the stages of this driver's jobs run with their deaths."""
    from pyspark import cloudpickle
    from pyspark.core.rdd import RDD
    from pyspark.sql.classic.dataframe import DataFrame

    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # type: ignore[no-untyped-call]  # PySpark has no types here
    map_partitions, map_in_arrow = RDD.mapPartitions, DataFrame.mapInArrow

    def dying(function: Any) -> Any:
        stage = function.stage  # see jobs.spark.runner and jobs.spark.shufflerunner
        for name, victim in deaths:
            if name == type(stage).__name__:
                wrapped = (GoingOn if victim == "link" else Dying)(stage, victim, traces)
                function = dataclasses.replace(function, stage=wrapped)
        return function

    def dying_tasks(self: Any, function: Any, *arguments: Any, **options: Any) -> Any:
        return map_partitions(self, dying(function), *arguments, **options)

    def dying_query(self: Any, function: Any, *arguments: Any, **options: Any) -> Any:
        return map_in_arrow(self, dying(function), *arguments, **options)

    RDD.mapPartitions = dying_tasks  # type: ignore[method-assign,assignment]  # that is the point
    DataFrame.mapInArrow = dying_query  # type: ignore[method-assign,assignment]  # that, too


def read_accounts_by_tasks() -> None:
    """Have this driver leave all accounts to tasks."""
    from jobs.pipeline import accounts

    accounts._FEW = -1  # type: ignore[misc]  # that is the point


if "LOOKALIKE_TEST_MANY" in os.environ:
    read_accounts_by_tasks()
if "LOOKALIKE_TEST_DEATHS" in os.environ:
    arrange(json.loads(os.environ["LOOKALIKE_TEST_DEATHS"]), Path(os.environ["LOOKALIKE_TEST_TRACES"]))

"""Starting and stopping Spark."""

from __future__ import annotations

import concurrent.futures.thread  # if a thread forked during its first import, its lock would be lost
import contextlib
import logging
import os
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Collection
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError

from jobs.spark.engine import ClassicEngine, Engine
from lookalike.errors import UsageError

_LONGEST_START: Final = 30.0  # seconds, a bound for what takes parts of one: until Java is a process
_LOOKS_AGAIN: Final = 0.01  # seconds
_MOST_CAUSES: Final = 50  # two exceptions can be the cause of each other
_PROCESSES: Final = Path("/proc")  # Linux
_SERVER: Final = "SPARK_REMOTE"  # names a Spark Connect server, in the environment


def start_spark(name: str) -> Future[Engine]:
    """Start Spark in a thread, so that other work can be done while Java starts. name: is shown by the cluster.

    It is a session of a Spark Connect server if the environment names one, and no Java starts here.

    The result raises UsageError if Spark cannot start with its options. The thread is a daemon: after an error or an
    interrupt the process ends without waiting for it, see give_up, and Java ends when its pipe to the process is
    closed.
    """
    started: Future[Engine] = Future()

    def start() -> None:
        if not started.set_running_or_notify_cancel():
            return
        try:
            started.set_result(_build_engine(name))
        except BaseException as error:
            started.set_exception(error)

    threading.Thread(target=start, daemon=True).start()
    return started


def give_up(started: Future[Engine], others: Collection[int] = ()) -> None:
    """End a Spark that is still starting, before this process ends after an error.

    others: processes that this one had started before, see children.

    Java looks at its pipe to this process only once it has started. Until then it could fail because the folder for
    temporary files is removed with this process, and then it would stay for good. Spark that has started is left
    alone. A cluster takes the run for ended when its Java is gone.
    """
    if started.cancel() or _SERVER in os.environ:
        return
    if not _sees_children():
        concurrent.futures.wait([started], _LONGEST_START)
        return
    begun = time.monotonic()
    while not started.done() and time.monotonic() - begun < _LONGEST_START:
        starting = [child for child in children() if child not in others and _is_java_of_pyspark(child)]
        for child in starting:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        if starting:
            return
        time.sleep(_LOOKS_AGAIN)


def _sees_children() -> bool:
    """Whether the operating system says which processes this one has started."""
    return (_PROCESSES / f"self/task/{threading.get_native_id()}/children").exists()


def children() -> list[int]:
    """The processes that this one has started."""
    found: list[int] = []
    for task in _PROCESSES.glob("self/task/*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def _is_java_of_pyspark(process: int) -> bool:
    """Whether PySpark has started it as its Java: such a process has a variable that says where Java shall report."""
    with contextlib.suppress(OSError):
        variables = (_PROCESSES / f"{process}/environ").read_bytes().split(b"\0")
        return any(variable.startswith(b"_PYSPARK_DRIVER_CONN_INFO_PATH=") for variable in variables)
    return False


def _build_engine(name: str) -> Engine:
    if _SERVER not in os.environ:
        return ClassicEngine(_build_context(name))
    from jobs.spark.connect import connect  # loads slowly, and most runs do without

    return connect(os.environ)


def _build_context(name: str) -> SparkContext:
    # Py4J logs every exception that it passes on, even an interrupt. The job prints its own messages.
    logging.getLogger().addHandler(logging.NullHandler())
    # PySpark would also print an error when Java closes the connection for accumulators, which no task uses.
    socketserver.BaseServer.handle_error = lambda *_: None  # type: ignore[method-assign]
    try:
        context = SparkContext.getOrCreate(SparkConf().setAppName(name))
    except (PySparkRuntimeError, Py4JError) as error:
        if isinstance(error, PySparkRuntimeError) and error.getCondition() != "JAVA_GATEWAY_EXITED":
            raise
        java = getattr(error, "java_exception", None)
        reason = "see the message above" if java is None else _first_cause(java)
        raise UsageError(f"Spark could not be started with the options given before --: {reason}") from None
    context.setLogLevel("ERROR" if sys.stderr.isatty() else "WARN")
    return context


def _first_cause(java: Any) -> str:
    """The exception of Java's that all others are the consequence of, in one line: the last ones say little."""
    for _ in range(_MOST_CAUSES):
        cause = java.getCause()
        if cause is None:
            break
        java = cause
    return " ".join(str(java.toString()).split())

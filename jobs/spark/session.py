"""Starting and stopping Spark."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  # if a thread forked during its first import, its lock would be lost
import contextlib
import logging
import os
import signal
import socketserver
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError

from lookalike.errors import UsageError

_LONGEST_START: Final = 5.0  # seconds until Java is a process
_TASKS: Final = Path("/proc/self/task")  # Linux


def start_spark(name: str) -> Future[SparkContext]:
    """Start Spark in a thread, so that other work can be done while Java starts. name: is shown by the cluster.

    The result raises UsageError if Spark cannot start with its options. The thread is a daemon: after an error or an
    interrupt the process ends without waiting for it, see give_up, and Java ends when its pipe to the process is
    closed.
    """
    started: Future[SparkContext] = Future()

    def start() -> None:
        try:
            started.set_result(_build_context(name))
        except BaseException as error:
            started.set_exception(error)

    threading.Thread(target=start, daemon=True).start()
    return started


def give_up(started: Future[SparkContext]) -> None:
    """End a Spark that is still starting, before this process ends after an error.

    A Java that has not yet seen the end of its pipe to this process could otherwise stay behind for good: the folder
    for its connection file is removed with this process, and it fails before it looks at the pipe.
    """
    begun = time.monotonic()
    while _TASKS.exists() and not started.done() and time.monotonic() - begun < _LONGEST_START:
        children = _children()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        if children:
            return
        time.sleep(0.01)


def _children() -> list[int]:
    """The processes that this one has started; none where the operating system does not say."""
    found: list[int] = []
    for task in _TASKS.glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def stop_spark(context: SparkContext) -> None:
    """Stop an idle Spark in a thread. This takes PySpark a second; what is left ends with this process."""
    threading.Thread(target=context.stop, daemon=True).start()


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
        reason = "see the message above" if java is None else java.toString()
        raise UsageError(f"Spark could not be started with the options given before --: {reason}") from None
    context.setLogLevel("ERROR" if sys.stderr.isatty() else "WARN")
    return context

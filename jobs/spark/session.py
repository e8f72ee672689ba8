"""The one place that starts Spark."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  # imported first while a thread forks, it would lose its lock
import logging
import socketserver
import sys
import threading
from concurrent.futures import Future

from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError

from lookalike.errors import UsageError


def start_spark(name: str) -> Future[SparkContext]:
    """Start Spark in a thread, so that Java's seconds are spent beside others. name: for who watches the cluster.

    The result raises UsageError if Spark's options do not let it start. The thread is a daemon: who leaves
    meanwhile, for an error or an interrupt, does not wait for it, and Java ends with the pipe that it hangs on.
    """
    started: Future[SparkContext] = Future()

    def start() -> None:
        try:
            started.set_result(_build_context(name))
        except BaseException as error:
            started.set_exception(error)

    threading.Thread(target=start, daemon=True).start()
    return started


def stop_spark(context: SparkContext) -> None:
    """Stop an idle Spark in a thread: PySpark takes a second for it, and what is left then ends with this process."""
    threading.Thread(target=context.stop, daemon=True).start()


def runs_locally(context: SparkContext) -> bool:
    """Whether all tasks run on this machine and end with this process."""
    return str(context.master).partition("[")[0] == "local"


def _build_context(name: str) -> SparkContext:
    # Py4J logs every exception that it passes on, an interrupt too; who catches it says what there is to say.
    logging.getLogger().addHandler(logging.NullHandler())
    # Nor is there anything to say of a connection that ends with Java: PySpark listens for counters that no task has.
    socketserver.BaseServer.handle_error = lambda *_: None  # type: ignore[method-assign]
    try:
        context = SparkContext.getOrCreate(SparkConf().setAppName(name))
    except (PySparkRuntimeError, Py4JError) as error:
        if isinstance(error, PySparkRuntimeError) and error.getCondition() != "JAVA_GATEWAY_EXITED":
            raise
        java = getattr(error, "java_exception", None)
        reason = "its own message stands above" if java is None else java.toString()
        raise UsageError(f"Spark could not be started with the options given before --: {reason}") from None
    context.setLogLevel("ERROR" if sys.stderr.isatty() else "WARN")
    return context

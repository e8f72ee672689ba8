"""Starting and stopping Spark."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  # if a thread forked during its first import, its lock would be lost
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
    """Start Spark in a thread, so that other work can be done while Java starts. name: is shown by the cluster.

    The result raises UsageError if Spark cannot start with its options. The thread is a daemon: after an error or an
    interrupt the process ends without waiting for it, and Java ends when its pipe to the process is closed.
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

"""The one place that makes a Spark session."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
from collections.abc import Iterator

from py4j.protocol import Py4JError
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from jobs.config import JobConfig
from jobs.errors import UsageError


def build_session(config: JobConfig) -> SparkSession:
    """The session of a run, with what the job's correctness or memory depends on.

    What depends on the machine (memory, cores, log) is in conf/spark-defaults.conf instead.
    """
    builder = SparkSession.builder.appName(f"lookalike {config.output}")
    settings = {
        # A row is a blob of some hundred kilobytes: ten thousand of them, the default, would not fit.
        "spark.sql.execution.arrow.maxRecordsPerBatch": "16",
        # A blob is bytes of its own encoding; looking for repetitions in it wastes time.
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
        "spark.sql.inMemoryColumnarStorage.batchSize": "16",
        # Python errors name the cause; the Java side repeats it in a hundred lines.
        "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "true",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    # Py4J logs every exception that it passes on, an interrupt too; who catches it says what there is to say.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        with _interrupts_later():
            session = builder.getOrCreate()
    except (PySparkRuntimeError, Py4JError) as error:
        if isinstance(error, PySparkRuntimeError) and error.getCondition() != "JAVA_GATEWAY_EXITED":
            raise
        java = getattr(error, "java_exception", None)
        reason = "its own message stands above" if java is None else java.toString()
        raise UsageError(f"Spark could not be started with the options given before --: {reason}") from None
    session.sparkContext.setLogLevel("ERROR" if sys.stderr.isatty() else "WARN")
    return session


@contextlib.contextmanager
def _interrupts_later() -> Iterator[None]:
    """Let Ctrl-C wait: interrupted while it starts Java, PySpark leaves that Java behind for good.

    Afterwards it is a KeyboardInterrupt as before; the handler that PySpark installs calls Java, which fails in the
    middle of another call.
    """
    came = []
    before = signal.signal(signal.SIGINT, lambda *_: came.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt

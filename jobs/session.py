"""The one place that makes a Spark session."""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

from jobs.config import JobConfig


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
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR" if sys.stderr.isatty() else "WARN")
    return session

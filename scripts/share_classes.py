"""Archive the Java classes that a run of the job loads, so that later runs start in half the time.

    share_classes.py ARCHIVE

Java writes the archive when it ends (class data sharing, JEP 350). It serves only the Java and the jars
that wrote it; with any other it is ignored, and nothing but the start-up time changes.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyspark
from pyspark.sql import SparkSession


def visit_features(spark: SparkSession) -> None:
    """Load what the job uses: tasks on Arrow batches and on plain objects, a shuffle, files sent along."""

    def unchanged(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches

    rows = spark.createDataFrame(pa.table({"key": [1, 2], "block": [b"1", b"2"]}))
    rows.repartition(2, "key").mapInArrow(unchanged, "key long, block binary").toArrow()
    spark.sparkContext.addFile(__file__)
    spark.sparkContext.parallelize(range(2), 2).map(lambda number: (number, number)).groupByKey().collect()


def main(argv: list[str]) -> int:
    """Write the archive named by the only argument; without one, be the run that is watched."""
    if not argv:
        visit_features(SparkSession.builder.getOrCreate())
        return 0
    archive = Path(argv[0]).resolve()
    unfinished = archive.with_name(f".{archive.name}.part")
    for earlier in (archive, unfinished):
        earlier.unlink(missing_ok=True)  # Java does not write one archive while it uses another
    spark_submit = str(Path(pyspark.__file__).with_name("bin") / "spark-submit")
    java_options = f"-XX:ArchiveClassesAtExit={unfinished.name} -Xlog:disable"  # split at spaces: no path
    options = ["--conf", "spark.ui.enabled=false", "--conf", "spark.ui.showConsoleProgress=false"]
    command = [spark_submit, *options, "--driver-java-options", java_options, str(Path(__file__).resolve())]
    run = subprocess.run(command, cwd=archive.parent, check=False)
    if run.returncode == 0 and unfinished.exists():
        unfinished.replace(archive)
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

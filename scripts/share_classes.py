"""Archive the Java classes that a run of the job loads, so that later runs start in half the time.

    share_classes.py ARCHIVE

Java writes the archive when it ends (class data sharing, JEP 350). It serves only the Java and the jars
that wrote it; with any other it is ignored, and nothing but the start-up time changes.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import pyspark
from pyspark import SparkContext


def visit_features(context: SparkContext) -> None:
    """Load what the job uses: tasks over numbers, and files sent along."""
    context.addFile(__file__)
    context.parallelize(range(2), 2).mapPartitions(list).collect()


def main(argv: list[str]) -> int:
    """Write the archive that the argument names; without one, be the run that is watched."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", nargs="?")
    named = parser.parse_args(argv).archive
    if named is None:
        visit_features(SparkContext.getOrCreate())
        return 0
    archive = named.resolve()
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

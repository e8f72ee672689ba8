import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError, Py4JNetworkError

from jobs.spark.failures import TaskError, user_errors
from lookalike.errors import DiskError, JavaGoneError, OutputLockedError, QualityGateError, UsageError

PYTHON = """\
Traceback (most recent call last):
  File "/x/jobs/inputs/streams.py", line 42, in naming
    raise UsageError("...") from error
{raised}
"""
REPORT = """\
: org.apache.spark.api.python.PythonException: [PYTHON_EXCEPTION] An exception was thrown from the Python worker:
{python}
 SQLSTATE: 38000
\tat org.apache.spark.util.SparkErrorUtils.tryWithSafeFinally(SparkErrorUtils.scala:86)
\tat java.base/java.lang.Thread.run(Thread.java:840)
"""


OUTPUT = Path("/data/out")


class ReportedError(Py4JJavaError):  # type: ignore[misc]  # Py4J has no types
    """Py4J's error, with a report that it would ask Java for."""

    def __init__(self, report: str) -> None:
        self.report, self.java_exception = report, SimpleNamespace()

    def __str__(self) -> str:
        return self.report


def failing(raised: str) -> Any:
    return ReportedError(REPORT.format(python=PYTHON.format(raised=raised)))


@pytest.mark.parametrize("kind", [UsageError, QualityGateError, OutputLockedError])
def test_an_error_of_the_jobs_own_comes_out_of_a_task_as_itself(kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught, user_errors(OUTPUT):
        raise failing(f"lookalike.errors.{kind.__name__}: /data/p.tsv.gz: cannot be read: cut short")
    assert type(caught.value) is kind
    assert str(caught.value) == "/data/p.tsv.gz: cannot be read: cut short"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "raised",
    [
        "ValueError: lookalike.errors.UsageError: not at the line's beginning",
        "lookalike.errors.JobErrors: no such error",
        "lookalike.errors.annotations: no error at all",
        "MemoryError",
    ],
)
def test_any_other_error_of_a_task_is_told_without_the_stack_of_java(raised: str) -> None:
    with pytest.raises(TaskError) as caught, user_errors(OUTPUT):
        raise failing(raised)
    assert str(caught.value).rstrip() == f"a task failed\n{PYTHON.format(raised=raised)}".rstrip()


ABORTED = """\
An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent \
failure: Lost task 0.3 in stage 0.0 (TID 6) (10.0.0.4 executor {executor}): {reason}
\tat org.apache.spark.api.python.PythonWorkerFactory.startDaemon(PythonWorkerFactory.scala:330)

Driver stacktrace:
\tat org.apache.spark.scheduler.DAGScheduler.abortStage(DAGScheduler.scala:2935)
"""
PACKED = 'see "The packed Python" in docs/how-to/run-on-a-cluster.md'


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            'java.io.IOException: Cannot run program "/a b/python3": error=2, No such file or directory',
            "/a b/python3 cannot be started: No such file or directory",
        ),
        (
            'java.io.IOException: Cannot run program "./python": Exec failed, error: 13 (Permission denied) ',
            "./python cannot be started: Permission denied",
        ),
        (
            "org.apache.spark.SparkException: \nError from python worker:\n  /usr/bin/python3: No module named jobs\n"
            "PYTHONPATH was:\n  /x/jobs.zip\njava.io.EOFException",
            "/usr/bin/python3: No module named jobs",
        ),
        (
            PYTHON.format(raised="ModuleNotFoundError: No module named 'numba'") + " SQLSTATE: 38000",
            "No module named 'numba'",
        ),
        (
            PYTHON.format(
                raised="pyspark.errors.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has "
                "different version: 3.12 than that in driver: 3.11, PySpark cannot run with different minor "
                "versions.\n"
                "Please check environment variables PYSPARK_PYTHON and PYSPARK_DRIVER_PYTHON are correctly set."
            ),
            "Python 3.12, where the driver's is 3.11",
        ),
    ],
)
def test_a_python_that_cannot_run_the_tasks_is_one_line_that_names_the_machine(reason: str, told: str) -> None:
    with pytest.raises(UsageError) as caught, user_errors(OUTPUT):
        raise ReportedError(ABORTED.format(executor=3, reason=reason))
    assert str(caught.value) == f"the Python of the tasks cannot be used (on 10.0.0.4): {told}; {PACKED}"
    with pytest.raises(UsageError, match=r"^the Python of the tasks cannot be used: "), user_errors(OUTPUT):
        raise ReportedError(ABORTED.format(executor="driver", reason=reason))


def test_a_module_that_was_missed_before_another_error_is_not_its_reason() -> None:
    handled = "ModuleNotFoundError: No module named 'x'\n\nDuring handling of the above exception:\n\nTraceback:\n"
    with pytest.raises(TaskError), user_errors(OUTPUT):
        raise failing(f"{handled}MemoryError")


def test_an_error_of_java_passes_unchanged() -> None:
    error = ReportedError(": org.apache.spark.SparkException: Job 0 cancelled\n\tat x.Y.z(Y.scala:1)\n")
    with pytest.raises(Py4JJavaError) as caught, user_errors(OUTPUT):
        raise error
    assert caught.value is error


def test_an_error_of_the_driver_passes_unchanged() -> None:
    error = UsageError("as it is")
    with pytest.raises(UsageError) as caught, user_errors(OUTPUT):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_is_one_line_wherever_it_was_met(number: int) -> None:
    handled = "FileNotFoundError: [Errno 2] No such file or directory: '/other'\n\nMeanwhile another occurred:\n"
    with pytest.raises(DiskError) as of_task, user_errors(OUTPUT):
        raise failing(f"{handled}OSError: [Errno {number}] {os.strerror(number)}: '/data/out/x'")
    assert str(of_task.value) == f"/data/out/x: {os.strerror(number)}"
    with pytest.raises(DiskError, match=f"^/data/out: {os.strerror(number)}$"), user_errors(OUTPUT):
        raise failing(f"OSError: [Errno {number}] {os.strerror(number)}")
    with pytest.raises(DiskError) as of_driver, user_errors(OUTPUT):
        raise OSError(number, os.strerror(number), "/data/out/x")
    assert str(of_driver.value) == f"/data/out/x: {os.strerror(number)}"


def test_a_missing_file_of_the_jobs_own_passes_unchanged() -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", "/data/out/x")
    with pytest.raises(FileNotFoundError) as caught, user_errors(OUTPUT):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("error", [Py4JNetworkError("Answer from Java side is empty"), ConnectionRefusedError(111)])
def test_that_java_is_gone_is_one_line(error: Exception) -> None:
    told = r"^Java has ended in the middle of the run .*; nothing was published$"
    with pytest.raises(JavaGoneError, match=told), user_errors(OUTPUT):
        raise error

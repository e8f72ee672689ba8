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

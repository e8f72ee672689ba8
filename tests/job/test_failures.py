import pytest
from pyspark.errors import PythonException

from jobs.errors import OutputLockedError, QualityGateError, UsageError
from jobs.failures import user_errors

REPORT = """\
An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "/x/jobs/inputs/streams.py", line 42, in naming
    raise UsageError("...") from error
{raised}
"""


def failing(raised: str) -> PythonException:
    return PythonException(message=REPORT.format(raised=raised))


@pytest.mark.parametrize("kind", [UsageError, QualityGateError, OutputLockedError])
def test_an_error_of_the_jobs_own_comes_out_of_a_task_as_itself(kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught, user_errors():
        raise failing(f"jobs.errors.{kind.__name__}: /data/p.tsv.gz: cannot be read: cut short")
    assert type(caught.value) is kind
    assert str(caught.value) == "/data/p.tsv.gz: cannot be read: cut short"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "raised",
    [
        "ValueError: jobs.errors.UsageError: not at the line's beginning",
        "jobs.errors.JobErrors: no such error",
        "jobs.errors.annotations: no error at all",
        "MemoryError",
    ],
)
def test_any_other_error_passes_unchanged(raised: str) -> None:
    error = failing(raised)
    with pytest.raises(PythonException) as caught, user_errors():
        raise error
    assert caught.value is error


def test_an_error_of_the_driver_passes_unchanged() -> None:
    error = UsageError("as it is")
    with pytest.raises(UsageError) as caught, user_errors():
        raise error
    assert caught.value is error

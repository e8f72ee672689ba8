"""Errors that a task raised, as the errors that they were."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from pyspark.errors import PythonException

from jobs import errors

_RAISED = re.compile(r"^jobs\.errors\.(\w+): (.*)$", re.MULTILINE)


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """Turn Spark's report of a JobError in a task into that JobError; other errors pass unchanged."""
    try:
        yield
    except PythonException as error:
        raised = _RAISED.search(str(error))
        kind = getattr(errors, raised[1], None) if raised else None
        if raised is None or not (isinstance(kind, type) and issubclass(kind, errors.JobError)):
            raise
        raise kind(raised[2]) from None

"""Errors that a task raised, as the errors that they were."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from py4j.protocol import Py4JJavaError

from jobs import errors

_RAISED = re.compile(r"^jobs\.errors\.(\w+): (.*)$", re.MULTILINE)
_PYTHON = re.compile(r"^.*?(Traceback \(most recent call last\):\n.*?)(?=\n+\s+at [\w.$]+\()", re.DOTALL)


class TaskError(RuntimeError):
    """A task failed for a reason that is not its user's; the message is the traceback of its Python."""


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """Turn Spark's report of a JobError in a task into that JobError, of another Python error into TaskError.

    Other errors, Java's own among them, pass unchanged.
    """
    try:
        yield
    except Py4JJavaError as error:
        report = str(error)
        raised = _RAISED.search(report)
        kind = getattr(errors, raised[1], None) if raised else None
        if raised is not None and isinstance(kind, type) and issubclass(kind, errors.JobError):
            raise kind(raised[2]) from None
        traceback = _PYTHON.search(report)
        if traceback is None:
            raise
        raise TaskError(f"a task failed\n{traceback[1]}") from None

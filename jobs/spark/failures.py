"""Errors of tasks, raised again in the driver as what they were, and what Spark says if tasks have no Python."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from py4j.protocol import Py4JJavaError, Py4JNetworkError
from pyspark.errors import PySparkException

from lookalike import errors

_RAISED = re.compile(r"^lookalike\.errors\.(\w+): (.*)$", re.MULTILINE)
_PYTHON = re.compile(
    r"^.*?(Traceback \(most recent call last\):\n.*?)(?=\n+\s+at [\w.$]+\(|\n+ *SQLSTATE: |\n*\Z)", re.DOTALL
)
_SERVER_GONE = re.compile(r"StatusCode\.UNAVAILABLE|\[INVALID_HANDLE\.SESSION_")  # of Spark Connect
_SYSTEM = re.compile(r"^\w+: \[Errno (\d+)\] [^\n:]*(?:: '(.*)')?$", re.MULTILINE)
_MACHINE = re.compile(r"\(TID \d+\) \((\S+) executor (?!driver\b)\S+\)")
# What Spark reports if the Python of the tasks does not start, ends at once, or is of another version.
_ABSENT = re.compile(r'Cannot run program "([^"]+)"[^:]*: (?:Exec failed, )?(?:error[=:] ?\d+,? ?)?\(?([^()\n]+)')
_ENDED = re.compile(r"Error from python worker:\n(.+?)\n\s*PYTHONPATH was:", re.DOTALL)
_VERSION = re.compile(r"Python in worker has different version: (\S+) than that in driver: (\S+),")
_IMPORT = re.compile(r"[\w.]*(?:ModuleNotFound|Import)Error: (.+)")
_PAGE = 'see "The packed Python" in docs/how-to/run-on-a-cluster.md'
# Errors of the system that have their reason outside the job.
_OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM})


class TaskError(RuntimeError):
    """A task failed for a reason that the user cannot correct. The message is the traceback of its Python."""


@contextlib.contextmanager
def user_errors(folder: Path) -> Iterator[None]:
    """Turn Spark's report of a JobError in a task into that JobError, and of another Python error into a TaskError.

    A Python of the tasks that does not start, lacks a package or is of another version becomes a UsageError. An error
    of a disk becomes a DiskError, in a task and in the driver. Its message names the file, or the folder `folder` if
    the system names none, as when a disk is full. If Java is gone, that becomes a JavaGoneError. Other errors, such
    as Java's, pass unchanged.
    """
    try:
        yield
    except (Py4JNetworkError, ConnectionError):
        reason = "Java has ended in the middle of the run (was it killed, or is there too little memory?)"
        raise errors.JavaGoneError(f"{reason}; nothing was published") from None
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        raise errors.DiskError(_disk_message(error.errno, error.filename or folder)) from None
    except (Py4JJavaError, PySparkException) as error:  # of an RDD, of a query
        report = str(error)
        raised = _RAISED.search(report)
        kind = getattr(errors, raised[1], None) if raised else None
        if raised is not None and isinstance(kind, type) and issubclass(kind, errors.JobError):
            raise kind(raised[2]) from None
        unfit = _unfit_python(report)
        if unfit is not None:
            reason = f"the Python of the tasks cannot be used{_where(report)}: {unfit}; {_PAGE}"
            raise errors.UsageError(reason) from None
        refused = list(_SYSTEM.finditer(report))
        if refused and int(refused[-1][1]) in _OF_THE_DISK:
            raise errors.DiskError(_disk_message(int(refused[-1][1]), refused[-1][2] or folder)) from None
        if _SERVER_GONE.search(report):
            raise errors.JavaGoneError("the Spark Connect server has ended in the middle of the run") from None
        traceback = _PYTHON.search(report)
        if traceback is None:
            raise
        raise TaskError(f"a task failed\n{traceback[1]}") from None


def _where(report: str) -> str:
    """The machine whose executor failed, in words; empty if the report does not say, or it is the driver's.

    It says so of what fails in Java alone.
    """
    machine = _MACHINE.search(report)
    return f" (on {machine[1]})" if machine else ""


def _unfit_python(report: str) -> str | None:
    """Why the Python of a task cannot run it; None if something else has failed."""
    if absent := _ABSENT.search(report):
        return f"{absent[1]} cannot be started: {absent[2]}"
    if ended := _ENDED.search(report):
        return ended[1].strip().splitlines()[-1].strip()
    if version := _VERSION.search(report):
        return f"Python {version[1]}, where the driver's is {version[2]}"
    traceback = _PYTHON.search(report)
    last = traceback[1].strip().splitlines()[-1] if traceback else ""
    missing = _IMPORT.fullmatch(last)
    return missing[1] if missing else None


def _disk_message(number: int, path: object) -> str:
    return f"{path}: {os.strerror(number)}"

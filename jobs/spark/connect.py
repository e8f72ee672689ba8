"""A session of a Spark Connect server as the Spark of a run.

There is no Java on this side and no SparkContext. What tasks import is sent to the server, for this session alone.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from pyspark.errors import PySparkException, PySparkImportError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.spark.engine import Engine
from lookalike.errors import UsageError

_SERVER: Final = "SPARK_REMOTE"  # the variable with the URL of the server; PySpark's own
_ARTIFACT: Final = "LOOKALIKE_ARTIFACT"  # the variable with the file that is sent; ./spark-submit.sh sets it
_OLDEST: Final = (4, 1)  # has DataFrame.repartitionById
_RETRIES: Final = 5  # until the server has answered once: 17 seconds. Later it may be silent for ten minutes.
_PYTHON: Final = "spark.sql.execution.pyspark.python"  # that of this session's tasks
_NUMBERS: Final = 1 << 16  # more than any cluster has cores


class ConnectEngine(Engine):
    """As Engine."""

    is_local = False

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._counts: dict[str | None, tuple[int, int]] = {}  # by query of the stage that runs
        session.registerProgressHandler(self._see)  # type: ignore[arg-type]  # PySpark wants its own class
        atexit.register(session.stop)  # a server keeps a forgotten session for an hour

    @functools.cached_property
    def cores(self) -> int:
        """As in Engine: into so many parts Spark cuts what has no number of parts."""
        parts = self._session.range(_NUMBERS).select(F.spark_partition_id().alias("part"))
        (last,) = parts.agg(F.max("part")).collect()[0]
        return int(last) + 1

    @property
    def session(self) -> SparkSession:
        """As in Engine."""
        return self._session

    def begin(self, stage: str) -> None:  # noqa: ARG002  # stages follow each other
        """As in StageTasks."""
        self._counts = {}

    def count(self, stage: str) -> tuple[int, int]:  # noqa: ARG002  # likewise
        """As in StageTasks; the server tells it every two seconds."""
        counts = list(self._counts.values())
        return sum(finished for finished, _ in counts), sum(total for _, total in counts)

    def stop(self) -> None:
        """As in Engine. The server ends what it still does for the session, and removes what was sent."""
        self._session.stop()

    def abandon(self) -> None:
        """As in Engine."""
        with contextlib.suppress(Exception):
            self.stop()

    def _see(self, stages: Iterable[Any] | None, operation_id: str | None, **_: object) -> None:
        """A handler of progress, as PySpark calls it."""
        told = list(stages or [])
        if told:
            self._counts[operation_id] = (
                sum(stage.num_completed_tasks for stage in told),
                sum(stage.num_tasks for stage in told),
            )


def connect(variables: Mapping[str, str]) -> ConnectEngine:
    """Open a session of the server that these variables of the environment name, and send it what tasks import.

    Raises UsageError if there is none or if it cannot be used.
    """
    place = urlsplit(variables[_SERVER]).netloc  # behind it there may be a token
    warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")  # an error follows
    try:
        session = SparkSession.builder.getOrCreate()
        version = _first_answer(session)
        if tuple(map(int, re.findall(r"\d+", version)[:2])) < _OLDEST:
            oldest = ".".join(map(str, _OLDEST))
            raise UsageError(f"{place}: the server has Spark {version}; {oldest} or later is needed")
        engine = ConnectEngine(session)
        _send(session, variables)
    except PySparkImportError as error:
        raise UsageError(f"Spark Connect needs more packages, type 'make connect': {_line(error)}") from None
    except PySparkException as error:
        raise UsageError(f"{place or variables[_SERVER]}: no session of Spark Connect: {_line(error)}") from None
    return engine


def _first_answer(session: SparkSession) -> str:
    """The server's version; PySpark itself would ask an absent server again for ten minutes."""
    from pyspark.sql.connect.client.retries import DefaultPolicy  # not there without the packages of Spark Connect

    patient = session.client.get_retry_policies()
    session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
    try:
        return str(session.version)
    finally:
        session.client.set_retry_policies(patient)


def _send(session: SparkSession, variables: Mapping[str, str]) -> None:
    """Send a packed Python, in which tasks then run, or a zip for the Python that the server has."""
    artifact, python = variables.get(_ARTIFACT), variables.get("PYSPARK_PYTHON")
    if artifact and artifact.endswith(".zip"):
        session.addArtifacts(artifact, pyfile=True)
    elif artifact:
        session.addArtifacts(f"{artifact}#environment", archive=True)
        python = "./environment/bin/python"
    if python:
        session.conf.set(_PYTHON, python)


def _line(error: PySparkException) -> str:
    """What is wrong, without the state of gRPC."""
    text = str(error)
    details = re.search(r'details = "(.*)"', text)
    return details[1] if details else " ".join(text.split())

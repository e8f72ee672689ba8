"""The interface of what carries rows from the tasks of one stage to those of the next.

There are two of them: files of the work folder (folder.py), and Spark's shuffle (shuffle.py). channels.py chooses.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

import pyarrow as pa


class Outbox(Protocol):
    """What one task sends; see Exchange.source."""

    def send(self, target: int, rows: pa.RecordBatch) -> None:
        """Send rows to a target; those of earlier calls come before them."""


class Exchange(Protocol):
    """What goes from one stage to the next: tasks of the former are its sources, parts of the latter its targets."""

    @property
    def schema(self) -> pa.Schema:
        """Of the rows."""

    def source(self, number: int) -> AbstractContextManager[Outbox]:
        """Where a task puts what it sends; it is sent once the context is left without an error."""

    def receive(self, target: int, sources: Iterable[int]) -> pa.Table:
        """What the sources have sent to a target, in their order."""

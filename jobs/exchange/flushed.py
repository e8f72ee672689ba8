"""A stage whose files reach the disk while it goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from lookalike.outputs.durable import flushed_behind

Report = TypeVar("Report")


@dataclasses.dataclass(frozen=True)
class Flushed(Generic[Report]):
    """Task function: a stage whose reports come when all files in them are on the disk."""

    stage: Callable[[Iterable[int]], Iterator[Report]]

    def __call__(self, numbers: Iterable[int]) -> Iterator[Report]:
        """Do the stage."""
        with flushed_behind():
            reports = list(self.stage(numbers))
        return iter(reports)

"""What a stage is: a function of numbers of tasks, which says what it sends and what it receives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Generic, Literal, TypeVar

Report = TypeVar("Report")

# Those of channels.py.
ChannelName = Literal[
    "account_rows",
    "unusable",
    "accounts",
    "earlier_names",
    "posts",
    "spellings",
    "usages",
    "memberships",
    "new",
    "pairs",
    "lookalikes",
]


@dataclasses.dataclass(frozen=True)
class Route:
    """Which number of a stage receives what was sent to a target of a channel."""

    channel: ChannelName
    parts: int
    first: int = 0

    def number(self, target: Any) -> Any:
        """The number of the target's task; for an int, or for a column of a query."""
        return target % self.parts + self.first


class Stage(Generic[Report]):
    """A task function: numbers in, reports out. Calling it again with a number gives and sends the same.

    sends: the channels that it is a source of.
    """

    sends: ClassVar[tuple[ChannelName, ...]] = ()

    @property
    def receives(self) -> tuple[Route, ...]:
        """What is for which of its numbers."""
        return ()

    def __call__(self, numbers: Iterable[int]) -> Iterator[Report]:
        """Do the tasks whose numbers come in."""
        raise NotImplementedError

"""A bound on what large answers keep in memory until their clients have taken them."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from serving.ops.metrics import Metrics
from serving.problems.kinds import Overloaded


class Kept(NamedTuple):
    """owner: what is kept, compared by identity: many answers may be cut from the same run. size: its bytes."""

    owner: object
    size: int


class Unsent:
    """What the answers under way keep, together at most so many bytes, but for one answer that is larger alone."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most, self._metrics = most, metrics
        self._bytes = 0
        self._users: Counter[int] = Counter()

    @contextlib.contextmanager
    def keeping(self, kept: Kept) -> Iterator[None]:
        """While the answer is sent. Raises Overloaded if there is no room."""
        owner = id(kept.owner)  # which `kept` keeps alive
        if not self._users[owner]:
            if self._bytes and self._bytes + kept.size > self._most:
                self._metrics.refused("concurrency")
                raise Overloaded("Too many large answers are under way; try again in a moment.")
            self._bytes += kept.size
        self._users[owner] += 1
        try:
            yield
        finally:
            self._users[owner] -= 1
            if not self._users[owner]:
                del self._users[owner]
                self._bytes -= kept.size

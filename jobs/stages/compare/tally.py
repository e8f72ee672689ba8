"""A count of the pairs that all tasks of a comparison have found so far, which stops them if it goes too high."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from collections.abc import Iterator
from typing import Final

from jobs.exchange.workplace import Counter, WorkFile, WorkPlace
from lookalike.errors import TooManyPairsError

# Times what is allowed: the estimate may have been wrong by a little, and a task done twice counts twice.
GUARD: Final = 2
_STEPS = 1 << 14


@dataclasses.dataclass(frozen=True)
class PairTally:
    """The count, in steps of `step` pairs.

    allowed: pairs; at GUARD times as many a task raises TooManyPairsError. meaning: of `allowed`, see PairLimit.
    """

    file: WorkFile
    allowed: int
    meaning: str

    @classmethod
    def start(cls, work: WorkPlace, allowed: int, meaning: str) -> PairTally:
        """A count that begins at 0."""
        return cls(work / f"pairs-{secrets.token_hex(4)}.tally", allowed, meaning)

    @property
    def step(self) -> int:
        """Small enough that what each of many tasks has not yet added makes little difference."""
        return max(1, GUARD * self.allowed // _STEPS)

    @contextlib.contextmanager
    def task(self) -> Iterator[TaskTally]:
        """What one task counts with."""
        with self.file.counter() as counter:
            yield TaskTally(self, counter)


class TaskTally:
    """The pairs of one task; see PairTally.task."""

    def __init__(self, tally: PairTally, counter: Counter) -> None:
        self._tally, self._counter, self._rest = tally, counter, 0

    def add(self, pairs: int) -> None:
        """Count them. Raises TooManyPairsError if all tasks have found too many."""
        tally = self._tally
        steps, self._rest = divmod(self._rest + pairs, tally.step)
        if steps and self._counter.add(steps) * tally.step > GUARD * tally.allowed:
            raise TooManyPairsError(
                f"the comparison has found more than {GUARD} times as many similar pairs as {tally.meaning}. "
                "Nothing was published."
            )

"""A count of the pairs that all tasks of a comparison have found so far, which stops them if it goes too high."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lookalike.errors import TooManyPairsError

# Times what is allowed: the estimate may have been wrong by a little, and a task done twice counts twice.
GUARD: Final = 2
_STEPS = 1 << 14


@dataclasses.dataclass(frozen=True)
class PairTally:
    """The count: a file of the work folder, to which a task adds a byte for each `step` pairs.

    allowed: pairs; at GUARD times as many a task raises TooManyPairsError. meaning: of `allowed`, see PairLimit.
    """

    path: Path
    allowed: int
    meaning: str

    @classmethod
    def start(cls, work: Path, allowed: int, meaning: str) -> PairTally:
        """A count that begins at 0."""
        path = work / "pairs.tally"
        path.unlink(missing_ok=True)
        return cls(path, allowed, meaning)

    @property
    def step(self) -> int:
        """Small enough that what each of many tasks has not yet added makes little difference."""
        return max(1, GUARD * self.allowed // _STEPS)

    @contextlib.contextmanager
    def task(self) -> Iterator[TaskTally]:
        """What one task counts with."""
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            yield TaskTally(self, file)
        finally:
            os.close(file)


class TaskTally:
    """The pairs of one task; see PairTally.task."""

    def __init__(self, tally: PairTally, file: int) -> None:
        self._tally, self._file, self._rest = tally, file, 0

    def add(self, pairs: int) -> None:
        """Count them. Raises TooManyPairsError if all tasks have found too many."""
        tally = self._tally
        steps, self._rest = divmod(self._rest + pairs, tally.step)
        if not steps:
            return
        os.write(self._file, bytes(steps))
        if os.fstat(self._file).st_size * tally.step > GUARD * tally.allowed:
            raise TooManyPairsError(
                f"the comparison has found more than {GUARD} times as many similar pairs as {tally.meaning}. "
                "Nothing was published."
            )

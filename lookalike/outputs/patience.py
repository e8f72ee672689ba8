"""How long a store that fails is asked again, whichever kind of store it is.

Stores fail for seconds or minutes: a gateway answers 503, connections break. A request is then made again after
pauses that grow, each of a random length, so that the tasks of a run do not all come back at once. Not so a request
that the store refuses: for want of credentials or permission, or because there is no such object or bucket.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

FIRST_PAUSE: Final = 0.1  # seconds
LONGEST_PAUSE: Final = 5.0
GROWTH: Final = 4  # a pause is at most so many times as long as the one before, on average twice
_AT_FIRST: Final = 30.0  # seconds


class Patience(NamedTuple):
    """request: seconds that one may take. total: since its beginning, after which it is not made again.

    retries: how often it is made again at the most.
    """

    request: float
    total: float
    retries: int

    def at_first(self) -> Patience:
        """With a store that has not answered yet, or not for `total` seconds: its address may be wrong."""
        return self._replace(total=min(self.total, _AT_FIRST))

    def pauses(self) -> Iterator[float]:
        """Seconds to wait before each further try; they end when there shall be no more."""
        end, pause = time.monotonic() + self.total, FIRST_PAUSE
        for _ in range(self.retries):
            if time.monotonic() >= end:
                return
            yield pause
            pause = min(LONGEST_PAUSE, random.uniform(FIRST_PAUSE, GROWTH * pause))


PATIENT: Final = Patience(100, 120, 1000)  # a run, which has hours of work to lose: as often as there is time for
BRISK: Final = Patience(10, 15, 3)  # a service, whose clients wait

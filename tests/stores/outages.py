"""A store that fails for some seconds whenever a stage of a run has its first result."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from pathlib import Path

from .proxy import LOST, Asked, Proxy

SECONDS = 8.0  # of an outage: longer than what a few tries at short intervals last


class Outages:
    """One begins when a stage has its first result; until it ends, half of the answers are 503, half never come.

    A stage has its first result when it leaves a trace, see tests/cluster/dying. met: requests that failed, by stage.
    """

    def __init__(self, traces: Path, proxy: Proxy) -> None:
        self._traces, self._end, self._numbers = traces, 0.0, itertools.count()
        self._stage = ""
        self.met: Counter[str] = Counter()
        proxy.fault = self._fault

    def look(self) -> None:
        """Begin an outage if there is a new trace; to be called again and again."""
        for trace in self._traces.iterdir():
            stage = trace.name.partition(" ")[0]
            if stage not in self.met:
                self.met[stage] = 0
                self._stage, self._end = stage, time.monotonic() + SECONDS

    def _fault(self, _: Asked) -> int | None:
        if time.monotonic() > self._end:
            return None
        self.met[self._stage] += 1
        return LOST if next(self._numbers) % 2 else 503

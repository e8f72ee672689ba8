"""A limit of requests over time: one token bucket for each client."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

_CAPACITY: Final = 65_536
_SLACK: Final = 1e-7  # seconds; sums of moments are not exact


class Verdict(NamedTuple):
    """Whether a request may pass, and how many more may follow it right away.

    wait: seconds until one may pass. refill: seconds until the bucket is full.
    """

    allowed: bool
    remaining: int
    wait: float
    refill: float


class Buckets:
    """Token buckets of `burst` tokens that gain `per_minute` tokens a minute.

    A bucket is stored as the moment at which it will be full again (the "generic cell rate algorithm"); a full bucket
    is not stored. At most `capacity` buckets are. Beyond that the oldest one is dropped, so its client has a full one
    again: bounded memory matters more than exact fairness.
    """

    def __init__(self, per_minute: int, burst: int, *, capacity: int = _CAPACITY) -> None:
        self.burst = burst
        self.interval = 60.0 / per_minute  # seconds a token
        self._capacity = capacity
        self._full_at: dict[str, float] = {}
        self._next_sweep = -math.inf

    def __len__(self) -> int:
        """How many buckets are kept."""
        return len(self._full_at)

    def take(self, client: str, now: float) -> Verdict:
        """Take a token of a client's bucket. now: seconds, of a clock that never goes back."""
        full_at = self._full_at.get(client, now)
        lacking = max(full_at - now, 0.0)  # seconds until it is full
        room = self.burst * self.interval - lacking  # what is in it, as time
        if room < self.interval - _SLACK:
            return Verdict(False, 0, self.interval - room, lacking)
        if client not in self._full_at and len(self._full_at) >= self._capacity:
            self._make_room(now)
        self._full_at[client] = now + lacking + self.interval
        return Verdict(True, int((room + _SLACK) / self.interval) - 1, 0.0, lacking + self.interval)

    def _make_room(self, now: float) -> None:
        if now >= self._next_sweep:  # not for each newcomer of a flood
            self._next_sweep = now + 1.0
            self._full_at = {client: full_at for client, full_at in self._full_at.items() if full_at > now}
        while len(self._full_at) >= self._capacity:
            del self._full_at[next(iter(self._full_at))]

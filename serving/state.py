"""What lives as long as the service, and how routes get at it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from serving.ops.metrics import Metrics
from serving.problems.kinds import NotReady
from serving.settings import Settings
from serving.snapshots.holder import Served, SnapshotHolder


@dataclass(eq=False)
class State:
    """One for each process.

    executor: threads for reads and encoding that may block. live: one thread for comparisons below the floor,
    so that they cannot take all cores. checks: one thread that opens and checks new snapshots. compiling: whether
    this process compiles right now, which slows all answers down.
    """

    settings: Settings
    metrics: Metrics
    executor: ThreadPoolExecutor
    live: ThreadPoolExecutor
    checks: ThreadPoolExecutor
    holder: SnapshotHolder
    compiling: bool = False

    @classmethod
    def of(cls, settings: Settings, metrics: Metrics) -> State:
        """The state of a service before it starts: no thread runs yet, nothing has been read."""
        checks = ThreadPoolExecutor(1, "check")
        return cls(
            settings=settings,
            metrics=metrics,
            executor=ThreadPoolExecutor(settings.reading_threads, "read"),
            live=ThreadPoolExecutor(1, "live"),
            checks=checks,
            holder=SnapshotHolder(settings, metrics, checks),
        )

    def not_ready(self) -> str | None:
        """Why requests should not be sent here yet; None when they should."""
        if self.holder.served is None:
            refused = self.holder.refused
            return "no snapshot has been published yet" if refused is None else f"refused: {refused.reason}"
        if self.holder.is_gone:
            return "CURRENT is gone"
        if self.holder.damage is not None:
            return f"look-ups fail: {self.holder.damage}"
        return "the comparison is being compiled" if self.compiling else None

    def served(self) -> Served:
        """The snapshot that is open right now; a request asks once and keeps it. Raises NotReady."""
        served = self.holder.served
        if served is None:
            raise NotReady("No snapshot is being served yet.")
        return served

    def close(self) -> None:
        """End the threads."""
        for executor in (self.executor, self.live, self.checks):
            executor.shutdown(wait=False, cancel_futures=True)


async def get_state(request: Request) -> State:
    """The state of the application that a request came to."""
    state = request.app.state.lookalike
    assert isinstance(state, State)
    return state


StateDep = Annotated[State, Depends(get_state)]


async def get_served(request: Request, state: StateDep) -> Served:
    """The snapshot to answer from, noted for the access log."""
    served = state.served()
    request.scope.setdefault("state", {})["snapshot"] = served.id
    return served


ServedDep = Annotated[Served, Depends(get_served)]

"""Stage 5 of an incremental run: the pairs of every bucket of hashtags and the tables of every bucket of accounts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from jobs.exchange import channels
from jobs.exchange.reports import WriteReport
from jobs.exchange.stage import Route, Stage
from jobs.incremental.mergeaccounts import AccountMerger
from jobs.incremental.mergepairs import PairMerger
from jobs.stages.group.listing import received_memberships


@dataclasses.dataclass(frozen=True)
class MergeTables(Stage[WriteReport]):
    """Task function: numbers of tasks in; tables to the snapshot, or named from the base, reports out.

    grouped: buckets of hashtags that have sent memberships. compared, buckets, tasks: as in WriteTables.
    """

    pairs: PairMerger
    accounts: AccountMerger
    grouped: tuple[int, ...]
    compared: int
    buckets: int
    tasks: int

    @property
    def receives(self) -> tuple[Route, ...]:
        """Each task what is of its buckets of hashtags, or of its buckets of accounts."""
        of_accounts = (
            Route(channel, self.tasks, first=self.tasks) for channel in ("memberships", "new", "lookalikes")
        )
        return (Route("pairs", parts=self.tasks), *of_accounts)

    def __call__(self, tasks: Iterable[int]) -> Iterator[WriteReport]:
        """Merge the pairs of the task's buckets of hashtags, or the tables of its buckets of accounts."""
        work = self.pairs.work
        for task in tasks:
            if task < self.tasks:
                for bucket in range(task, self.buckets, self.tasks):
                    yield self.pairs.merge(bucket, channels.pairs(work), self.compared)
                continue
            used = received_memberships(work, task - self.tasks, self.grouped)
            new = channels.new_memberships(work).receive(task - self.tasks, self.grouped)["account"].to_numpy()
            found = channels.lookalikes(work).receive(task - self.tasks, range(self.compared))
            for bucket in range(task - self.tasks, self.buckets, self.tasks):
                yield WriteReport(self.accounts.merge(bucket, used, new, found))

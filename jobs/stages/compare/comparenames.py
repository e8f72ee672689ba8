"""Stage 4, the other order of work: compare all names once, then attach the hashtags to the pairs found.

Comparing within each hashtag costs the sum of the squares of the hashtags' sizes, comparing all names the square of
the accounts. Which is less depends on the data: jobs/stages/compare/order.py estimates it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from jobs.exchange.reports import CompareReport
from jobs.exchange.stage import Stage
from jobs.exchange.worker import accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.stages.compare.found import Indices, PairBoxes, PairSender
from jobs.stages.compare.plan import Unit
from jobs.stages.group.accountlists import JoinedLists
from lookalike.kernel import Threshold, Work, similar_pairs
from lookalike.strings.compiler import compiled
from lookalike.strings.values import frozen


@dataclasses.dataclass(frozen=True)
class CompareNames(Stage[CompareReport]):
    """Task function: numbers of tasks in, a report of each out; similar pairs sent to who writes them.

    tasks: units that are ranges of all accounts with a hashtag, in the order of their names' lengths.
    """

    accounts: WorkFile
    work: WorkPlace
    tasks: tuple[tuple[Unit, ...], ...]
    threshold: Threshold
    send: PairSender

    sends = ("pairs", "lookalikes")

    def __call__(self, tasks: Iterable[int]) -> Iterator[CompareReport]:
        """Do the tasks whose numbers come in."""
        for number in tasks:
            counts = CompareReport(tasks=1, by_names=1)
            lists = JoinedLists.open(self.work)
            users = lists.users()
            with self.send.source(number, counts) as found:
                for unit in self.tasks[number]:
                    self._compare(unit, users, lists, found, counts)
            yield counts

    def _compare(
        self, unit: Unit, users: Indices, lists: JoinedLists, found: PairBoxes, counts: CompareReport
    ) -> None:
        names, work = accounts_table(self.accounts).names, Work()
        for pairs in similar_pairs(names, self.threshold, users, begin=unit.begin, end=unit.end, work=work):
            shared, hashtag = _shared_hashtags(
                lists.start, lists.end, frozen(lists.hashtags), pairs.left, pairs.right
            )
            counts.similar += len(hashtag)
            met = np.flatnonzero(shared)
            left, right, distance = pairs.left[met], pairs.right[met], pairs.distance[met]
            each = np.repeat(np.arange(len(met)), shared[met])
            found.by_hashtag(hashtag, left[each], right[each], distance[each])
            found.by_account(left, right, distance, shared[met])
        counts.candidates += work.candidates
        counts.verified += work.verified


@compiled
def _shared_hashtags(
    start: npt.NDArray[np.int64], end: npt.NDArray[np.int64], hashtags: Indices, left: Indices, right: Indices
) -> tuple[npt.NDArray[np.int32], Indices]:
    """int32[n]: how many hashtags the accounts of each pair share; and these, one pair after the other, ascending.

    start, end int64[accounts]: account a used hashtags[start[a]:end[a]], ascending.
    """
    shared = np.zeros(len(left), np.int32)
    found = np.empty(2 * len(left) + 1024, np.uint32)
    count = 0
    for pair in range(len(left)):
        one, one_end = start[left[pair]], end[left[pair]]
        other, other_end = start[right[pair]], end[right[pair]]
        while one < one_end and other < other_end:
            if hashtags[one] < hashtags[other]:
                one += 1
            elif hashtags[one] > hashtags[other]:
                other += 1
            else:
                if count == len(found):
                    larger = np.empty(2 * len(found), np.uint32)
                    larger[:count] = found
                    found = larger
                found[count] = hashtags[one]
                count += 1
                shared[pair] += 1
                one += 1
                other += 1
    return shared, found[:count]

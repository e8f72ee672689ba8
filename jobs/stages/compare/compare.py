"""Stage 4: the similar pairs of every hashtag, compared hashtag by hashtag."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from jobs.exchange.reports import CompareReport
from jobs.exchange.stage import Stage
from jobs.exchange.worker import accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.stages.compare.found import PairBoxes, PairSender
from jobs.stages.compare.plan import Unit
from jobs.stages.group.groups import Groups
from jobs.stages.group.hashtagtable import hashtag_table
from lookalike.kernel import (
    SMALL_GROUP,
    EncodedNames,
    PairBatch,
    Threshold,
    Work,
    prefix_blocks,
    similar_pairs,
    similar_pairs_of_groups,
)

_ROWS_AT_ONCE = 1 << 20  # pairs held before they are sent on
_SAMPLED_MEMBERS = 20_000  # of a larger hashtag in the sample so many members are compared


@dataclasses.dataclass(frozen=True)
class ComparePairs(Stage[CompareReport]):
    """Task function: numbers of tasks in, a report of each out; similar pairs sent to who writes them.

    prefix_length: None for the lossless comparison; otherwise one hashtag in sample_one_in is compared losslessly
    as well, to measure what is lost.
    """

    accounts: WorkFile
    work: WorkPlace
    tasks: tuple[tuple[Unit, ...], ...]
    threshold: Threshold
    prefix_length: int | None
    sample_one_in: int
    send: PairSender

    sends = ("pairs", "lookalikes")

    def __call__(self, tasks: Iterable[int]) -> Iterator[CompareReport]:
        """Do the tasks whose numbers come in."""
        for number in tasks:
            counts = CompareReport(tasks=1)
            with self.send.source(number, counts) as found:
                for bucket in sorted({unit.bucket for unit in self.tasks[number]}):
                    units = [unit for unit in self.tasks[number] if unit.bucket == bucket]
                    self._compare(bucket, units, found, counts)
            yield counts

    def _compare(self, bucket: int, units: list[Unit], found: PairBoxes, counts: CompareReport) -> None:
        groups = Groups.open(self.work, bucket)
        waiting: list[PairBatch] = []
        for unit in units:
            for pairs in self._pairs(groups, unit, counts):
                waiting.append(pairs)
                if sum(map(len, waiting)) >= _ROWS_AT_ONCE:
                    self._send(bucket, waiting, found, counts)
                    waiting = []
        if waiting:
            self._send(bucket, waiting, found, counts)

    def _pairs(self, groups: Groups, unit: Unit, counts: CompareReport) -> Iterator[PairBatch]:
        """The pairs of a unit; `group` is the place of the hashtag in its bucket."""
        names = accounts_table(self.accounts).names
        work = Work()
        if self.prefix_length is not None:
            yield from self._by_prefix(names, groups, unit, work)
            self._measure_recall(names, groups, unit, counts)
        elif unit.begin < unit.end:
            yield from _ranged(names, self.threshold, groups, unit, work)
        else:
            yield from _whole(names, self.threshold, groups, unit, work)
        counts.candidates += work.candidates
        counts.verified += work.verified

    def _by_prefix(self, names: EncodedNames, groups: Groups, unit: Unit, work: Work) -> Iterator[PairBatch]:
        """Of a hashtag that is shared by several tasks, each takes the prefix blocks of its range."""
        starts = groups.starts[unit.first : unit.last + 1]
        members = groups.members[starts[0] : starts[-1]]
        members, block_starts, group_of = prefix_blocks(names, members, starts - starts[0], self.prefix_length or 0)
        if unit.begin < unit.end:
            chosen = np.flatnonzero((block_starts[:-1] >= unit.begin) & (block_starts[:-1] < unit.end))
            if not len(chosen):
                return
            block_starts, group_of = block_starts[chosen[0] : chosen[-1] + 2], group_of[chosen]
        for pairs in similar_pairs_of_groups(names, self.threshold, members, block_starts, work=work):
            yield dataclasses.replace(pairs, group=(group_of[pairs.group] + unit.first).astype(np.uint32))

    def _measure_recall(self, names: EncodedNames, groups: Groups, unit: Unit, counts: CompareReport) -> None:
        """Compare a sample of the unit's hashtags both ways."""
        for hashtag in range(unit.first, unit.last):
            key = groups.keys[hashtag].as_buffer().to_pybytes()
            if unit.begin > 0 or zlib.crc32(key, 1) % self.sample_one_in:
                continue
            members = groups.members_of(hashtag)
            members = members[:: -(-len(members) // _SAMPLED_MEMBERS)]
            blocks, starts, _ = prefix_blocks(names, members, np.array([0, len(members)]), self.prefix_length or 0)
            found = sum(map(len, similar_pairs_of_groups(names, self.threshold, blocks, starts)))
            counts.sample_hashtags += 1
            counts.sample_found += found
            counts.sample_pairs += sum(map(len, similar_pairs(names, self.threshold, members)))

    def _send(self, bucket: int, waiting: list[PairBatch], found: PairBoxes, counts: CompareReport) -> None:
        left = np.concatenate([pairs.left for pairs in waiting])
        right = np.concatenate([pairs.right for pairs in waiting])
        distance = np.concatenate([pairs.distance for pairs in waiting])
        place = np.concatenate([pairs.group for pairs in waiting])
        table = accounts_table(self.accounts)
        if len(table.earlier_owner):
            apart = np.flatnonzero(table.owner_of(left) != table.owner_of(right))
            left, right, distance, place = left[apart], right[apart], distance[apart], place[apart]
        counts.similar += len(left)
        number = hashtag_table(self.work).numbers_in(bucket)[place]
        found.by_hashtag(number, left, right, distance)
        found.by_account(left, right, distance, np.ones(len(left), np.int32))


def _ranged(names: EncodedNames, threshold: Threshold, groups: Groups, unit: Unit, work: Work) -> Iterator[PairBatch]:
    members = groups.members_of(unit.first)
    fresh = groups.fresh_of(unit.first)
    for pairs in similar_pairs(names, threshold, members, fresh=fresh, begin=unit.begin, end=unit.end, work=work):
        yield _of_hashtag(pairs, unit.first)


def _whole(names: EncodedNames, threshold: Threshold, groups: Groups, unit: Unit, work: Work) -> Iterator[PairBatch]:
    sizes = np.diff(groups.starts[unit.first : unit.last + 1])
    large = np.flatnonzero(sizes > SMALL_GROUP) + unit.first
    for hashtag in large.tolist():
        fresh = groups.fresh_of(hashtag)
        for pairs in similar_pairs(names, threshold, groups.members_of(hashtag), fresh=fresh, work=work):
            yield _of_hashtag(pairs, hashtag)
    edges: list[int] = [
        unit.first,
        *[edge for hashtag in large.tolist() for edge in (hashtag, hashtag + 1)],
        unit.last,
    ]
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        starts: npt.NDArray[np.int64] = groups.starts[first : last + 1]
        if len(starts) > 1:
            known = groups.members, starts
            for pairs in similar_pairs_of_groups(names, threshold, *known, fresh=groups.fresh, work=work):
                yield dataclasses.replace(pairs, group=pairs.group + np.uint32(first))


def _of_hashtag(pairs: PairBatch, hashtag: int) -> PairBatch:
    return dataclasses.replace(pairs, group=np.full(len(pairs), hashtag, np.uint32))

"""One comparison: its names, its threshold, and what its compiled parts need to work with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import FreshPlaces, SortedNames
from lookalike.kernel.batches import PairBatch, batch_of
from lookalike.kernel.direct import compare_range
from lookalike.kernel.filters import EVERYTHING, looked_up, occupied
from lookalike.kernel.fresh import compare_fresh
from lookalike.kernel.meetings import compare_probes
from lookalike.kernel.probes import collect_probes, room_for_probes
from lookalike.kernel.segments import build_index
from lookalike.kernel.workspace import Workspace, workspace
from lookalike.threshold import Threshold


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The two ways to compare the names at some places with names before them.

    fresh: None to find all pairs. most_probes: to be looked up at once.
    """

    names: SortedNames
    fresh: FreshPlaces | None
    threshold: Threshold
    space: Workspace
    most_probes: int

    @classmethod
    def of(
        cls,
        names: SortedNames,
        fresh: FreshPlaces | None,
        threshold: Threshold,
        alphabet: int,
        batch: int,
        most_probes: int,
    ) -> Comparison:
        """Of these names, which have codes below `alphabet`; pairs are handed over up to `batch` at once."""
        return cls(names, fresh, threshold, workspace(threshold, alphabet, batch), most_probes)

    def reach(self, lo: int) -> tuple[int, int, int]:
        """Of the name at place lo: its length, the edits it may have, and the first place it is compared with."""
        length = int(self.names.length[lo])
        bound = self.threshold.max_distance(length)
        return length, bound, int(np.searchsorted(self.names.length, length - bound))

    def directly(self, lo: int, hi: int) -> Iterator[PairBatch]:
        """Compare the names at places [lo, hi) pair by pair."""
        resume = np.array([lo, -1], np.int64)
        while resume[0] < hi:
            if self.fresh is None:
                found = compare_range(self.names, self.space, resume, hi, 0, 0)
            else:
                found = compare_fresh(self.names, self.fresh, self.space, resume, hi, 0, 0)
            if found:
                yield batch_of(self.space.out, found)

    def by_segments(
        self,
        lo: int,
        hi: int,
        runs: Sequence[tuple[int, int]],
        bits: int,
        *,
        few_indexed: bool = False,
        few_looked_up: npt.NDArray[np.int64] | None = None,
    ) -> Iterator[PairBatch]:
        """Index the names at places [lo, hi), of one length, and look up those in some runs of places before hi.

        bits: there are 2^bits buckets. few_indexed: few of the names that are looked up meet any. few_looked_up: the
        places in the runs, where few of the names to index meet any of them.
        """
        length, bound, _ = self.reach(lo)
        capacity = min(self.most_probes, sum(end - begin for begin, end in runs) * (bound + 1)) + bound
        unordered, probes = room_for_probes(capacity), room_for_probes(capacity)
        for segment in range(bound + 1):
            wanted = EVERYTHING
            if few_looked_up is not None:
                wanted = looked_up(self.names, few_looked_up, length, bound, segment, bits)
            index = build_index(self.names, lo, hi, bound, segment, bits, wanted)
            wanted = occupied(index) if few_indexed else EVERYTHING
            for y, end in runs:
                while y < end:
                    count, y = collect_probes(index, self.names, y, end, wanted, unordered, probes)
                    probe = 0
                    while probe < count:
                        found, probe = compare_probes(index, self.names, probes, probe, count, self.space)
                        if found:
                            yield batch_of(self.space.out, found)

"""An estimate of the similar pairs alone, cheap enough for every run that might find too many.

Pairs of identical names are counted (identical.py). The others are estimated from samples of members: of every
hashtag that could hold a tenth of what is allowed, up to a number of them; of the others, of hashtags that are drawn
with a chance that grows with the pairs that they could hold. If the first samples come near what is allowed, larger
ones decide.

With families of one size under one large hashtag, a share s of whose members the family is, the estimate's standard
deviation is about 2 / sqrt(4096 s) of it, where the samples are the larger ones. A few pairs in the samples may be
there by chance, and count as none: the comparison counts as well, and stops when there are too many. Of accounts with
several names the latest alone is looked at, so that the estimate is rather too low.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from jobs.inputs.accounts.table import AccountTable
from jobs.planning.describe import rounded
from jobs.planning.identical import identical_pairs, shared_names
from jobs.planning.measure import draw, pairs_of
from jobs.stages.group.groups import Groups
from lookalike.kernel import PairBatch, Threshold, prefix_blocks, similar_pairs_of_groups

CLEARLY = 1.5  # times what is allowed: an estimate above it stops a run

_PART = 10  # a hashtag that could hold this part of what is allowed is always in the sample
_CERTAIN = 1000  # at most so many of these, the largest
_DRAWN = 1000  # of the others
_MEMBERS, _MORE_MEMBERS = 1024, 4096  # of a large hashtag, in the first sample and in the second
_SMALLER = 4  # times fewer members of a drawn hashtag
_SURELY = 3  # standard deviations; an estimate that is less counts as none
_SEED = 5

Counts = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class PairsEstimate:
    """Similar pairs. identical: those of identical names, exact. others: estimated, at least 0."""

    identical: int
    others: float = 0.0

    def __str__(self) -> str:
        """In words that go before "similar pairs"."""
        return (
            f"at least about {rounded(self.identical + self.others):,}"
            if self.others
            else f"at least {self.identical:,}"
        )

    def exceeds(self, allowed: int) -> bool:
        """Whether there are clearly more than allowed."""
        return self.identical > allowed or self.identical + self.others > CLEARLY * allowed


@dataclasses.dataclass(frozen=True)
class _Sample:
    """Members of a hashtag, ascending. scale: pairs that one pair of these stands for.

    is_fresh: None, or which members are. mixed_scale: of pairs of a fresh and a stale member.
    """

    members: npt.NDArray[np.uint32]
    scale: float
    is_fresh: npt.NDArray[np.bool_] | None = None
    mixed_scale: float = 0.0


@dataclasses.dataclass(frozen=True)
class PairsEstimator:
    """Estimates the similar pairs that comparing finds.

    prefix_length: None for lossless blocking, without which all pairs are compared, not only those of fresh members.
    """

    accounts: AccountTable
    threshold: Threshold
    prefix_length: int | None

    def estimate(self, buckets: Sequence[Groups], allowed: int) -> PairsEstimate:
        """Of all hashtags, given by bucket. Once it is clear that there are too many, it stops counting."""
        kinds = shared_names(self.accounts.names, len(self.accounts))
        identical = sum(int(identical_pairs(groups, kinds).sum()) for groups in buckets)
        found = PairsEstimate(identical)
        if found.exceeds(allowed):
            return found
        bucket = np.repeat(np.arange(len(buckets)), [len(groups.keys) for groups in buckets])
        place = np.concatenate([np.zeros(0, np.int64), *(np.arange(len(groups.keys)) for groups in buckets)])
        weight = np.concatenate([np.zeros(0, np.int64), *map(_pairs_compared, buckets)])
        chosen, times = _choose(weight, allowed)
        for members in (_MEMBERS, _MORE_MEMBERS):
            samples = (
                self._sample(buckets[bucket[one]], int(place[one]), members if factor == 1 else members // _SMALLER)
                for one, factor in zip(chosen.tolist(), times.tolist(), strict=True)
            )
            others, deviation = self._count(list(samples), times, CLEARLY * allowed - identical)
            if identical + others <= allowed / 2:
                break
        return PairsEstimate(identical, others if others > _SURELY * deviation else 0.0)

    def _sample(self, groups: Groups, hashtag: int, most: int) -> _Sample:
        members, fresh = groups.members_of(hashtag), groups.fresh_of(hashtag)
        members = members[: np.searchsorted(members, len(self.accounts))]  # earlier names come after all accounts
        if fresh is None:
            some = draw(members, most, _SEED)
            return _Sample(members=some, scale=pairs_of(len(members)) / pairs_of(len(some)))
        few, many = members[fresh], members[~fresh]
        some_few, some_many = draw(few, most, _SEED), draw(many, most, _SEED)
        both = np.concatenate([some_few, some_many])
        order = np.argsort(both)
        return _Sample(
            members=both[order],
            scale=pairs_of(len(few)) / pairs_of(len(some_few)),
            is_fresh=(np.arange(len(both)) < len(some_few))[order],
            mixed_scale=len(few) * len(many) / max(1, len(some_few) * len(some_many)),
        )

    def _count(
        self, samples: Sequence[_Sample], times: npt.NDArray[np.float64], enough: float
    ) -> tuple[float, float]:
        """Pairs of different names that the samples stand for, each so many times, and how far chance takes that.

        It may stop once it is surely above `enough`.
        """
        if not samples:
            return 0.0, 0.0
        members = np.concatenate([sample.members for sample in samples])
        starts = np.concatenate([[0], np.cumsum([len(sample.members) for sample in samples])])
        group_of = np.arange(len(samples))
        group = np.repeat(group_of, np.diff(starts)).astype(np.uint64)
        keys = group << np.uint64(32) | members
        fresh = None
        if samples[0].is_fresh is not None:
            fresh = np.concatenate([sample.is_fresh for sample in samples if sample.is_fresh is not None])
        scale = times * [sample.scale for sample in samples]
        mixed = times * [sample.mixed_scale for sample in samples]
        if self.prefix_length is not None:
            members, starts, group_of = prefix_blocks(self.accounts.names, members, starts, self.prefix_length)
        total = variance = 0.0
        for pairs in similar_pairs_of_groups(self.accounts.names, self.threshold, members, starts, fresh=fresh):
            differ = np.flatnonzero(pairs.distance)
            at = group_of[pairs.group[differ]]
            each = (
                scale[at]
                if fresh is None
                else np.where(_both_fresh(pairs, differ, keys, fresh), scale[at], mixed[at])
            )
            total += each.sum()
            variance += (each * (each - 1)).sum()  # of pairs that are in the sample each by itself
            if total > enough and total > _SURELY * math.sqrt(variance):
                break
        return total, math.sqrt(variance)


def _pairs_compared(groups: Groups) -> Counts:
    """int64[hashtags]: pairs of members, of which one is fresh where not all are compared."""
    listed = np.diff(groups.starts)
    if groups.weights is not None:
        return listed * (listed - 1) // 2
    if groups.fresh is None:
        return groups.sizes * (groups.sizes - 1) // 2
    stale = listed - groups.fresh_members()
    return listed * (listed - 1) // 2 - stale * (stale - 1) // 2


def _choose(weight: Counts, allowed: int) -> tuple[Counts, npt.NDArray[np.float64]]:
    """The hashtags in the sample, the largest first, and how many hashtags like it each stands for.

    weight: int64[n], the pairs that each could hold.
    """
    order = np.argsort(-weight, kind="stable")
    certain = min(_CERTAIN, int(np.count_nonzero(weight * _PART >= allowed)), int(np.count_nonzero(weight)))
    rest = order[certain:]
    before = np.cumsum(weight[rest], dtype=np.float64)
    if not len(rest) or not before[-1]:
        return order[:certain], np.ones(certain)
    step = before[-1] / _DRAWN
    drawn, count = np.unique(np.searchsorted(before, (np.arange(_DRAWN) + 0.5) * step), return_counts=True)
    times = np.maximum(1.0, count * step / weight[rest[drawn]])
    return np.concatenate([order[:certain], rest[drawn]]), np.concatenate([np.ones(certain), times])


def _both_fresh(
    pairs: PairBatch, chosen: npt.NDArray[np.intp], keys: npt.NDArray[np.uint64], fresh: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Of the chosen pairs; keys: the group above the member, ascending, and whether each is fresh."""
    group = pairs.group[chosen].astype(np.uint64) << np.uint64(32)
    return (
        fresh[np.searchsorted(keys, group | pairs.left[chosen])]
        & (fresh[np.searchsorted(keys, group | pairs.right[chosen])])
    )

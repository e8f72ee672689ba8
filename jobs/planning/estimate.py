"""How much there is to compare and to find, from a sample that costs a small part of comparing it all.

Two kinds of hashtags, sampled in two ways, both drawn by hashes of the keys, so that the same input gives the same
estimate:

- Of the large ones, which blocking by segments compares, a share of the members. Two members are both in the sample
  with the square of that share, so what is counted among them is scaled up by the square.
- Of the others a share of the hashtags, each of them compared in full. Candidates are scaled up by the cost of those
  of about the same size, which they follow closely, similar pairs by their number.

The share is what keeps the sample within its budget, by the costs of stages.plan; where that allows all, nothing is
left to chance. The largest hashtags are always in the sample.

Where all names are compared once (stages.order), they are sampled as one large hashtag; the similar pairs are then
still those of the hashtags.

Against comparing it all, for 200k, 1M and 10M posts of bench/generate.py, ten draws each: candidates 0.95 to 1.03
times what was met, similar pairs 0.94 to 1.15 times what was found, in 9% (1M) and 6% (10M) of the comparison's
processor time. Rare large families of alike names under small hashtags are what a draw may miss.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.accounts import AccountTable
from jobs.planning.measure import Block, Measuring
from jobs.stages.compare.plan import cost_of_group
from jobs.stages.group.groups import Groups
from lookalike.kernel import SMALL_GROUP, Threshold
from lookalike.kernel.names import compared_names
from lookalike.strings.values import hash_values

_CERTAIN, _MANY = 10, 4096  # so many hashtags, the largest, are always in the sample, with so many members at least
_DRAWN, _FEW = 1000, 256  # of the other large ones about so many at most, with so many members at least
_DRAWN_SMALL, _FEW_SMALL = 50_000, 8  # of the others about so many at most, and so many of each size at least
_SHOWN = 10
_SEED = 4  # other than those by which ids are told apart

Counts = npt.NDArray[np.int64]
Costs = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class HashtagEstimate:
    """A hashtag in its most frequent spelling; members and pairs_sharing are exact.

    candidates: where hashtags are compared one by one.
    """

    display: str
    members: int
    pairs_sharing: int
    candidates: float


@dataclasses.dataclass(frozen=True)
class BlockEstimate:
    """Names that meet in a block: of one length, with the same text as their segment of this number (from 1).

    segment None: names of one length that are compared directly, by no segment. For prefix blocking: names that
    begin with the text; length and segment are None. display: the hashtag, or None where all names are compared once.
    """

    display: str | None
    length: int | None
    segment: int | None
    text: str
    names: float
    candidates: float


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What a comparison would take and find. pairs_sharing is exact.

    by_names: whether all names are compared once. cost: seconds of one core by stages.plan. The worst hashtags and
    blocks are those of most candidates, the worst first; by_names the hashtags with most pairs sharing.
    """

    pairs_sharing: int
    candidates: float
    similar_pairs: float
    by_names: bool
    cost: float
    worst_hashtags: tuple[HashtagEstimate, ...]
    worst_blocks: tuple[BlockEstimate, ...]


@dataclasses.dataclass(frozen=True)
class Everyone:
    """All accounts that used a hashtag, ascending, where their names are compared once; cost as in Estimate."""

    members: npt.NDArray[np.uint32]
    cost: float


@dataclasses.dataclass(frozen=True)
class _Hashtags:
    """Of n hashtags, bucket by bucket: where each is, its members, its cost and its number in [0, 1) for the draw.

    kind: hashtags of about one size, each four times the one before, from 2 members on.
    """

    bucket: Counts
    place: Counts
    size: Counts
    cost: Costs
    draw: Costs
    kind: Counts
    is_large: npt.NDArray[np.bool_]
    is_largest: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, buckets: Sequence[Groups]) -> _Hashtags:
        size = _joined(np.diff(groups.starts) for groups in buckets)
        bucket = np.repeat(np.arange(len(buckets)), [len(groups.keys) for groups in buckets])
        place = _joined(np.arange(len(groups.keys)) for groups in buckets)
        draw = _joined(_draws(groups.keys) for groups in buckets)
        is_largest = np.zeros(len(size), bool)
        is_largest[np.argsort(-size, kind="stable")[:_CERTAIN]] = True
        kind = (np.log2(np.maximum(size, 2)) // 2).astype(np.int64)
        return cls(bucket, place, size, cost_of_group(size), draw, kind, size > SMALL_GROUP, is_largest)


@dataclasses.dataclass(frozen=True)
class Estimator:
    """Estimates what comparing hashtags takes.

    prefix_length: None for lossless blocking. fold: as in JobConfig. share, least, most: the sample costs this share
    of the comparison, but at least and at most so many seconds of one core.
    """

    accounts: AccountTable
    threshold: Threshold
    prefix_length: int | None
    fold: Literal["none", "case"]
    share: float = 1 / 16
    least: float = 0.05
    most: float = 5.0

    def estimate(self, buckets: Sequence[Groups], everyone: Everyone | None) -> Estimate:
        """Of all hashtags, given by bucket; everyone: if all names are compared once.

        Memory: a few numbers a hashtag, and the sampled members.
        """
        measuring = Measuring(self.accounts.names, self.threshold, self.prefix_length)
        all_of = _Hashtags.of(buckets)
        chance, part = self._chances(all_of)
        drawn = all_of.draw < chance
        single = drawn & (all_of.is_large | all_of.is_largest)
        candidates = similar = 0.0
        hashtags: list[HashtagEstimate] = []
        blocks: list[tuple[str | None, Block]] = []
        for one in np.flatnonzero(single).tolist():
            groups, at, members = buckets[all_of.bucket[one]], int(all_of.place[one]), int(all_of.size[one])
            most = max(_MANY if all_of.is_largest[one] else _FEW, round(members * part))
            found = measuring.one(groups.members_of(at), most, int(all_of.draw[one] * 2**53))
            candidates += found.candidates / chance[one]
            similar += found.similar_pairs / chance[one]
            name = groups.display[at].as_py()
            hashtags.append(HashtagEstimate(name, members, members * (members - 1) // 2, found.candidates))
            blocks += [(name, block) for block in found.blocks]
        small = ~all_of.is_large & ~all_of.is_largest & (all_of.size > 1)
        for kind in np.unique(all_of.kind[small]).tolist():
            alike = np.flatnonzero(small & (all_of.kind == kind))
            count = max(_FEW_SMALL, np.count_nonzero(drawn[alike]))
            sample = np.sort(alike[np.argsort(all_of.draw[alike])[:count]])  # those that are drawn, or some more
            found = measuring.many(*_members_of(buckets, all_of.bucket[sample], all_of.place[sample]))
            candidates += found.candidates * all_of.cost[alike].sum() / all_of.cost[sample].sum()
            similar += found.similar_pairs * len(alike) / len(sample)
        cost = float(all_of.cost.sum())
        if everyone is not None:
            cost = everyone.cost
            most = max(_MANY, round(len(everyone.members) * min(1.0, self._budget(cost) / cost)))
            found = measuring.one(everyone.members, most, _SEED)
            candidates, blocks = found.candidates, [(None, block) for block in found.blocks]
        hashtags.sort(key=lambda one: (-(one.pairs_sharing if everyone else one.candidates), one.display))
        blocks.sort(key=lambda one: (-one[1].candidates, one[0] or ""))
        return Estimate(
            pairs_sharing=int((all_of.size * (all_of.size - 1) // 2).sum()),
            candidates=float(candidates),
            similar_pairs=float(similar),
            by_names=everyone is not None,
            cost=cost,
            worst_hashtags=tuple(hashtags[:_SHOWN]),
            worst_blocks=tuple(self._shown(*block) for block in blocks[:_SHOWN]),
        )

    def _budget(self, cost: float) -> float:
        """Seconds that a sample may cost of what costs so many."""
        return min(max(self.share * cost, self.least), self.most)

    def _chances(self, hashtags: _Hashtags) -> tuple[Costs, float]:
        """Each hashtag's chance to be in the sample, float64[n], and the part of a large one's members that is.

        All small ones have the same: similar pairs may be under any.
        """
        budget, cost, large = self._budget(float(hashtags.cost.sum())), hashtags.cost, hashtags.is_large
        of_large, of_small = float(cost[large].sum()), float(cost[~large].sum())
        # What one kind does not need of its half is the other's.
        for_large = max(budget / 2, budget - of_small)
        for_small = max(budget / 2, budget - of_large)
        of_each = min(for_small / (of_small or 1), _DRAWN_SMALL / max(1, int(np.count_nonzero(~large))))
        chance = np.where(large, cost * (_DRAWN / (of_large or 1)), of_each)
        chance[hashtags.is_largest] = 1
        return np.minimum(chance, 1), min(1.0, for_large / (of_large or 1))

    def _shown(self, hashtag: str | None, block: Block) -> BlockEstimate:
        name = compared_names(self.accounts.screen_names.slice(block.example, 1), fold=self.fold)[0].as_py()
        text = name[block.begin : block.end]
        return BlockEstimate(hashtag, block.length, block.segment, text, block.names, block.candidates)


def _draws(keys: pa.StringArray) -> Costs:
    """A number in [0, 1) for each key that depends on nothing but the key."""
    _, offsets, values = keys.buffers()
    if not len(keys) or values is None:
        return np.zeros(len(keys))
    starts = np.frombuffer(offsets, np.int32, len(keys) + 1, keys.offset * 4).astype(np.int64)
    hashes = hash_values(np.frombuffer(values, np.uint8), starts[:-1], starts[1:], seed=_SEED)
    return (hashes >> np.uint64(11)) / 2.0**53


def _members_of(
    buckets: Sequence[Groups], bucket: Counts, places: Counts
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The members of some hashtags, one after the other, and int64[n + 1] where those of each begin.

    bucket, places int64[n]: where the hashtags are, bucket by bucket.
    """
    members, sizes = [], []
    edges = np.searchsorted(bucket, np.arange(len(buckets) + 1)).tolist()
    for groups, begin, end in zip(buckets, edges[:-1], edges[1:], strict=True):
        place = places[begin:end]
        size = groups.starts[place + 1] - groups.starts[place]
        before = np.cumsum(size) - size
        members.append(groups.members[np.arange(size.sum()) + np.repeat(groups.starts[place] - before, size)])
        sizes.append(size)
    return np.concatenate(members), np.concatenate([[0], np.cumsum(np.concatenate(sizes))])


def _joined(parts: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(0, np.int64), *parts])

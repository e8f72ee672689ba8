"""An estimate of candidates and similar pairs, from a sample that costs a small part of the comparison.

There are two kinds of hashtags, each sampled in its own way. Both samples are drawn by hashes of the keys, so that
the same input gives the same estimate:

- Large hashtags are compared with blocking by segments. A share of their members is in the sample. A pair of members
  is in it with the square of that share, so the counts are scaled up by the square.
- Of the other hashtags a share is in the sample, and each of them is compared in full. Their candidates are scaled up
  by the cost of all hashtags of about the same size, which candidates follow closely, and similar pairs by the number
  of these hashtags.

The share is chosen so that the sample keeps to its budget, by the costs of stages.plan. If the budget allows all,
everything is in the sample. The largest hashtags are always in it.

If all names are compared once (stages.order), they are sampled like one large hashtag. The similar pairs are still
estimated from the hashtags.

Measured for 200k, 1M and 10M posts of bench/generate.py, ten draws each: the estimate was 0.95 to 1.03 times the
candidates and 0.94 to 1.15 times the similar pairs, and took 9% (1M) and 6% (10M) of the processor time of the
comparison. A draw may miss rare large families of similar names under small hashtags.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.accounts.table import AccountTable
from jobs.planning.measure import Block, Measuring
from jobs.stages.costs import cost_of_group
from jobs.stages.group.groups import Groups
from lookalike.kernel import SMALL_GROUP, Threshold
from lookalike.kernel.names import compared_names
from lookalike.strings.values import hash_values

_CERTAIN, _MANY = 10, 4096  # the largest hashtags, always in the sample, each with at least so many members
_DRAWN, _FEW = 1000, 256  # at most about so many other large ones, each with at least so many members
_DRAWN_SMALL, _FEW_SMALL = 50_000, 8  # at most about so many of the others, and at least so many of each size
_SHOWN = 10
_SEED = 4  # another one than for hashes of ids

Counts = npt.NDArray[np.int64]
Costs = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class HashtagEstimate:
    """A hashtag in its most frequent spelling; members and pairs_sharing are exact.

    candidates: for a comparison hashtag by hashtag.
    """

    display: str
    members: int
    pairs_sharing: int
    candidates: float


@dataclasses.dataclass(frozen=True)
class BlockEstimate:
    """A block: names of one length with the same text as their segment of this number (from 1).

    segment: None for names of one length that are compared directly. With prefix blocking, the names begin with the
    text, and length and segment are None. display: the hashtag; None if all names are compared once.
    """

    display: str | None
    length: int | None
    segment: int | None
    text: str
    names: float
    candidates: float


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What a comparison takes and finds. pairs_sharing is exact.

    by_names: whether all names are compared once. cost: seconds of one core by stages.plan. The worst hashtags and
    blocks are those with most candidates, in descending order. If by_names, the hashtags are those with most pairs
    sharing them.
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
    """All accounts that used a hashtag, ascending, if all names are compared once. cost: as in Estimate."""

    members: npt.NDArray[np.uint32]
    cost: float


@dataclasses.dataclass(frozen=True)
class _Hashtags:
    """n hashtags, bucket by bucket: where each is, its members, its cost, and a number in [0, 1) for the draw.

    size: members that are compared; members: all. kind: a class of sizes. Each class has four times the members of
    the one before; the first begins at 2.
    """

    bucket: Counts
    place: Counts
    size: Counts
    members: Counts
    cost: Costs
    draw: Costs
    kind: Counts
    is_large: npt.NDArray[np.bool_]
    is_largest: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, buckets: Sequence[Groups]) -> _Hashtags:
        size = _joined(np.diff(groups.starts) for groups in buckets)
        members = _joined(np.diff(one.starts) if one.weights is None else one.sizes for one in buckets)
        bucket = np.repeat(np.arange(len(buckets)), [len(groups.keys) for groups in buckets])
        place = _joined(np.arange(len(groups.keys)) for groups in buckets)
        draw = _joined(_draws(groups.keys) for groups in buckets)
        is_largest = np.zeros(len(size), bool)
        is_largest[np.argsort(-size, kind="stable")[:_CERTAIN]] = True
        kind = (np.log2(np.maximum(size, 2)) // 2).astype(np.int64)
        return cls(bucket, place, size, members, cost_of_group(size), draw, kind, size > SMALL_GROUP, is_largest)


@dataclasses.dataclass(frozen=True)
class Estimator:
    """Estimates what comparing hashtags takes.

    prefix_length: None for lossless blocking. fold: as in JobConfig. share, least, most: the sample costs this share
    of the comparison, but at least `least` and at most `most` seconds of one core.
    """

    accounts: AccountTable
    threshold: Threshold
    prefix_length: int | None
    fold: Literal["none", "case"]
    share: float = 1 / 16
    least: float = 0.05
    most: float = 5.0

    def estimate(self, buckets: Sequence[Groups], everyone: Everyone | None) -> Estimate:
        """The estimate for all hashtags, given by bucket. everyone: None if hashtags are compared one by one.

        It needs memory for a few numbers per hashtag, and for the sampled members.
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
            groups, at, members = buckets[all_of.bucket[one]], int(all_of.place[one]), int(all_of.members[one])
            most = max(_MANY if all_of.is_largest[one] else _FEW, round(int(all_of.size[one]) * part))
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
            sample = np.sort(
                alike[np.argsort(all_of.draw[alike])[:count]]
            )  # the drawn ones, and more if they are too few
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
            pairs_sharing=int((all_of.members * (all_of.members - 1) // 2).sum()),
            candidates=float(candidates),
            similar_pairs=float(similar),
            by_names=everyone is not None,
            cost=cost,
            worst_hashtags=tuple(hashtags[:_SHOWN]),
            worst_blocks=tuple(self._shown(*block) for block in blocks[:_SHOWN]),
        )

    def _budget(self, cost: float) -> float:
        """The seconds that a sample may cost if the comparison costs this many."""
        return min(max(self.share * cost, self.least), self.most)

    def _chances(self, hashtags: _Hashtags) -> tuple[Costs, float]:
        """Each hashtag's chance to be in the sample, float64[n], and the share of a large one's members.

        All small hashtags have the same chance, because any of them may have similar pairs.
        """
        budget, cost, large = self._budget(float(hashtags.cost.sum())), hashtags.cost, hashtags.is_large
        of_large, of_small = float(cost[large].sum()), float(cost[~large].sum())
        # If one kind does not need its half of the budget, the other kind gets the rest.
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
    """A number in [0, 1) for each key, which depends only on the key."""
    _, offsets, values = keys.buffers()
    if not len(keys) or values is None:
        return np.zeros(len(keys))
    starts = np.frombuffer(offsets, np.int32, len(keys) + 1, keys.offset * 4).astype(np.int64)
    hashes = hash_values(np.frombuffer(values, np.uint8), starts[:-1], starts[1:], seed=_SEED)
    return (hashes >> np.uint64(11)) / 2.0**53


def _members_of(
    buckets: Sequence[Groups], bucket: Counts, places: Counts
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The members of some hashtags, one hashtag after the other, and int64[n + 1], where each begins.

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

"""What comparing one hashtag takes and finds, measured on all or on a random part of its members."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from jobs.planning.blocks import count_meetings
from lookalike.kernel import (
    SMALL_GROUP,
    EncodedNames,
    Threshold,
    Work,
    prefix_blocks,
    similar_pairs,
    similar_pairs_of_groups,
)
from lookalike.kernel.arrays import sorted_names
from lookalike.kernel.join import _INDEXED_AT_ONCE as INDEXED_AT_ONCE
from lookalike.kernel.join import _SMALL_INDEX as SMALL_INDEX

WORST = 10  # blocks of a hashtag that are kept

_PILOT = 1024  # members that tell how many distances a larger sample takes
_DISTANCES = 1 << 24  # of a sample; they take about a second

Members = npt.NDArray[np.uint32]


@dataclasses.dataclass(frozen=True)
class Block:
    """Names that meet in a block, and the candidates that it makes of them, estimated.

    The names' characters [begin, end) are those of the account `example`. length: of the names, None in prefix
    blocking. segment: which of theirs it is, from 1; None in prefix blocking and where all names of a length are
    compared directly.
    """

    example: int
    begin: int
    end: int
    length: int | None
    segment: int | None
    names: float
    candidates: float


@dataclasses.dataclass(frozen=True)
class Measured:
    """Candidates and similar pairs, and the blocks of most candidates in no order."""

    candidates: float
    similar_pairs: float
    blocks: tuple[Block, ...] = ()


@dataclasses.dataclass(frozen=True)
class Measuring:
    """How hashtags are compared. prefix_length: None for lossless blocking."""

    names: EncodedNames
    threshold: Threshold
    prefix_length: int | None

    def many(self, members: Members, starts: npt.NDArray[np.int64]) -> Measured:
        """Compare hashtags of up to SMALL_GROUP members in full; members, starts: see similar_pairs_of_groups."""
        if self.prefix_length is not None:
            members, starts, _ = prefix_blocks(self.names, members, starts, self.prefix_length)
        return self._compared(members, starts)

    def one(self, members: Members, most: int, seed: int) -> Measured:
        """Compare at most `most` members of a hashtag, drawn at random; fewer, where nearly all names are similar.

        members: ascending indices of names.
        """
        sample = draw(members, self._few_enough(members, most, seed), seed)
        if self.prefix_length is not None:
            return self._by_prefix(sample, len(members), self.prefix_length)
        return self._by_segments(sample, len(members))

    def _few_enough(self, members: Members, most: int, seed: int) -> int:
        """So many members that they take no more than about _DISTANCES."""
        most, work = min(most, len(members)), Work()
        if pairs_of(most) <= _DISTANCES:
            return most
        pilot = draw(members, _PILOT, seed)
        all(similar_pairs(self.names, self.threshold, pilot, work=work))
        return min(most, int(_PILOT * (_DISTANCES / max(1, work.verified)) ** 0.5))

    def _compared(self, members: Members, starts: npt.NDArray[np.int64]) -> Measured:
        work = Work()
        found = similar_pairs_of_groups(self.names, self.threshold, members, starts, work=work)
        pairs = sum(map(len, found))  # first: this fills in the work
        return Measured(work.candidates, pairs)

    def _by_segments(self, sample: Members, size: int) -> Measured:
        scale, work, small = size / len(sample), Work(), float(SMALL_INDEX)
        if size > SMALL_GROUP:
            pairs: float = sum(map(len, similar_pairs(self.names, self.threshold, sample, work=work)))
        else:
            found = self.many(sample, np.array([0, len(sample)]))
            pairs, work.candidates, small = found.similar_pairs, int(found.candidates), np.inf
        ordered = sorted_names(self.names, sample)
        worst = np.zeros((WORST, 6))
        candidates = count_meetings(
            ordered, self.threshold.numerator, self.threshold.denominator, scale, small, INDEXED_AT_ONCE, worst
        )
        blocks = []
        for made, inside, place, segment, begin, end in worst[worst[:, 0] > 0].tolist():
            example, length = int(ordered.member[int(place)]), int(ordered.length[int(place)])
            blocks.append(Block(example, int(begin), int(end), length, int(segment) + 1 or None, inside, made))
        if scale == 1:
            candidates = work.candidates  # exact
        return Measured(candidates, pairs * pairs_of(size) / pairs_of(len(sample)), tuple(blocks))

    def _by_prefix(self, sample: Members, size: int, prefix_length: int) -> Measured:
        whole = np.array([0, len(sample)])
        members, starts, _ = prefix_blocks(self.names, sample, whole, prefix_length)
        more = pairs_of(size) / pairs_of(len(sample))
        blocks = []
        for largest in np.argsort(-np.diff(starts), kind="stable")[:WORST].tolist():
            inside = members[starts[largest] : starts[largest + 1]]
            made = self._compared(inside, np.array([0, len(inside)])).candidates * more
            example = int(inside[0])
            end = min(prefix_length, int(self.names.offsets[example + 1] - self.names.offsets[example]))
            blocks.append(Block(example, 0, end, None, None, len(inside) * size / len(sample), made))
        found = self._compared(members, starts)
        return Measured(found.candidates * more, found.similar_pairs * more, tuple(blocks))


def draw(members: Members, most: int, seed: int) -> Members:
    """So many of the members, ascending; all if there are no more. The same ones each time."""
    if len(members) <= most:
        return members
    drawn = np.random.default_rng(seed).choice(len(members), most, replace=False, shuffle=False)
    return members[np.sort(drawn)]


def pairs_of(members: int) -> int:
    """Pairs of this many members, but at least 1, because it is a divisor."""
    return max(1, members * (members - 1) // 2)

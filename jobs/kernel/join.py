"""Every pair of similar names: of one group, of a part of it, or of many groups."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from jobs.kernel.arrays import PairBuffer, SortedNames, order_by_length, pair_buffer, sorted_names
from jobs.kernel.direct import compare_groups, compare_range
from jobs.kernel.names import EncodedNames
from jobs.kernel.probes import collect_probes, compare_probes, room_for_probes
from jobs.kernel.screen import CHUNK
from jobs.kernel.segments import build_index
from jobs.threshold import Threshold

# Measured on names of a realistic mix at 0.8, see bench/README.md.
SMALL_GROUP = 2048  # up to so many members, comparing every pair costs less than building an index
_SMALL_INDEX = 1024  # the same for the names of one length
_INDEXED_AT_ONCE = 1 << 18  # names: with their index, some 12 MB
_PROBES = 1 << 18  # looked up at once: 10 MB
_BATCH = 1 << 18


@dataclasses.dataclass
class Work:
    """What a comparison did: candidate pairs that blocking let through, and distances computed."""

    candidates: int = 0
    verified: int = 0

    def add(self, counts: npt.NDArray[np.int64]) -> None:
        """Add (candidates, verified)."""
        self.candidates += int(counts[0])
        self.verified += int(counts[1])


@dataclasses.dataclass(frozen=True)
class PairBatch:
    """Some similar pairs: left < right are indices of names (uint32[n]), distance int32[n], group uint32[n]."""

    left: npt.NDArray[np.uint32]
    right: npt.NDArray[np.uint32]
    distance: npt.NDArray[np.int32]
    group: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.left)


def similar_pairs(
    names: EncodedNames,
    threshold: Threshold,
    members: npt.NDArray[np.uint32] | None = None,
    *,
    begin: int = 0,
    end: int | None = None,
    work: Work | None = None,
) -> Iterator[PairBatch]:
    """Every similar pair among `members` (indices of names, ascending, each once; default: all), each once.

    With begin and end, only the pairs whose later name in the order of (length, index) is at one of the places
    [begin, end): ranges that partition [0, number of members) partition the pairs, so that many tasks can share
    a group. Memory: those of the members' names that are near enough in length, an index of 262,144 of them, as
    many probes, and one batch of pairs: some 60 bytes a name and 30 MB.
    """
    chosen = np.arange(len(names), dtype=np.uint32) if members is None else members
    end = len(chosen) if end is None else end
    if begin >= end:
        return
    if end - begin < len(chosen):
        chosen, begin, end = _reach(names, threshold, chosen, begin, end)
    group = sorted_names(names, chosen)
    rows_of = np.zeros(max(1, names.alphabet), np.uint64)
    counts = np.zeros(2, np.int64)
    out = pair_buffer(_BATCH)
    lo = begin
    while lo < end:
        length = int(group.length[lo])
        hi = min(end, int(np.searchsorted(group.length, length, side="right")), lo + _INDEXED_AT_ONCE)
        bound = threshold.max_distance(length)
        if hi - lo < _SMALL_INDEX or length < 2 * (bound + 1):
            yield from _directly(group, lo, hi, threshold, rows_of, counts, out)
        else:
            yield from _by_segments(group, lo, hi, bound, rows_of, counts, out)
        lo = hi
    if work is not None:
        work.add(counts)


def similar_pairs_of_groups(
    names: EncodedNames,
    threshold: Threshold,
    members: npt.NDArray[np.uint32],
    group_starts: npt.NDArray[np.int64],
    *,
    work: Work | None = None,
) -> Iterator[PairBatch]:
    """Every similar pair within each of many groups, each once a group; for groups up to SMALL_GROUP members.

    Group g holds members[group_starts[g]:group_starts[g + 1]] (uint32 indices of names, each once a group).
    Every pair of near lengths is screened: right for any size, wasteful for large ones. Memory: one batch.
    """
    rows_of = np.zeros(max(1, names.alphabet), np.uint64)
    counts = np.zeros(2, np.int64)
    out = pair_buffer(_BATCH)
    resume = np.array([0, -1, 0], np.int64)
    while resume[2] < len(group_starts) - 1:
        found = compare_groups(
            names.codes, names.offsets, names.once, names.twice, members, group_starts,
            threshold.numerator, threshold.denominator, resume, rows_of, counts, out,
        )  # fmt: skip
        if found:
            yield _batch(out, found)
    if work is not None:
        work.add(counts)


def _reach(
    names: EncodedNames, threshold: Threshold, members: npt.NDArray[np.uint32], begin: int, end: int
) -> tuple[npt.NDArray[np.uint32], int, int]:
    """The members that a range of places is compared with, in the order of comparison, and the range among them."""
    length = names.offsets[members.astype(np.int64) + 1] - names.offsets[members]
    order = order_by_length(length)
    shortest = int(length[order[begin]])
    first = int(np.searchsorted(length[order[:end]], shortest - threshold.max_distance(shortest)))
    return members[order[first:end]], begin - first, end - first


def _directly(
    group: SortedNames,
    lo: int,
    hi: int,
    threshold: Threshold,
    rows_of: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    out: PairBuffer,
) -> Iterator[PairBatch]:
    resume = np.array([lo, -1], np.int64)
    while resume[0] < hi:
        found = compare_range(
            group, threshold.numerator, threshold.denominator, resume, hi, rows_of, counts, out, 0, 0
        )
        if found:
            yield _batch(out, found)


def _by_segments(
    group: SortedNames,
    lo: int,
    hi: int,
    bound: int,
    rows_of: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    out: PairBuffer,
) -> Iterator[PairBatch]:
    near = int(np.searchsorted(group.length, int(group.length[lo]) - bound))
    capacity = min(_PROBES, (hi - near) * (bound + 1)) + bound
    unordered, probes = room_for_probes(capacity), room_for_probes(capacity)
    for segment in range(bound + 1):
        index = build_index(group, lo, hi, bound, segment)
        y = near
        while y < hi:
            count, y = collect_probes(index, group, y, unordered, probes)
            probe = 0
            while probe < count:
                found, probe = compare_probes(index, group, probes, probe, count, rows_of, counts, out)
                if found:
                    yield _batch(out, found)


def _batch(out: PairBuffer, found: int) -> PairBatch:
    return PairBatch(
        out.left[:found].copy(),
        out.right[:found].copy(),
        out.distance[:found].copy(),
        out.group[:found].copy(),
    )


assert _BATCH >= _INDEXED_AT_ONCE  # room for the pairs of one probe
assert _BATCH >= CHUNK

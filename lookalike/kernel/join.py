"""Every pair of similar names: of one group, of a part of it, or of many groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import fresh_places, order_of_comparison, packed_names
from lookalike.kernel.batches import PairBatch, Work, batch_of
from lookalike.kernel.comparison import Comparison
from lookalike.kernel.freshlots import compare_fresh_lot, lot_end
from lookalike.kernel.groups import Groups, compare_groups
from lookalike.kernel.names import EncodedNames, read_only
from lookalike.kernel.screen import CHUNK
from lookalike.kernel.segments import bits_for
from lookalike.kernel.workspace import workspace
from lookalike.threshold import Threshold

# Measured on names of a realistic mix at 0.8, see bench/README.md.
SMALL_GROUP = 2048  # up to so many members, comparing every pair costs less than building an index
_SMALL_INDEX = 1024  # the same for the names of one length
_INDEXED_AT_ONCE = 1 << 18  # names: with their index, some 12 MB
_PROBES = 1 << 18  # looked up at once: 10 MB
_BATCH = 1 << 18


def similar_pairs(
    names: EncodedNames,
    threshold: Threshold,
    members: npt.NDArray[np.uint32] | None = None,
    *,
    fresh: npt.NDArray[np.bool_] | None = None,
    begin: int = 0,
    end: int | None = None,
    work: Work | None = None,
) -> Iterator[PairBatch]:
    """Every similar pair among `members` (indices of names, ascending, each once; default: all), each once.

    fresh: bool[number of members], which of them are; only pairs of which one name is fresh, at the cost of these.
    With begin and end, only the pairs whose later name in the order of (length, stale before fresh, index) is at one
    of the places [begin, end): ranges that partition [0, number of members) partition the pairs, so that many tasks
    can share a group. Memory: those of the members' names that are near enough in length, an index of 262,144 of
    them, as many probes, and one batch of pairs: some 60 bytes a name and 30 MB.
    """
    chosen = np.arange(len(names), dtype=np.uint32) if members is None else members
    end = len(chosen) if end is None else end
    if begin >= end or (fresh is not None and not fresh.any()):
        return
    order = order_of_comparison(names, chosen, fresh)
    if end - begin < len(chosen):
        first = _reach(names, threshold, chosen, order, begin, end)
        order, begin, end = order[first:end], begin - first, end - first
    group = packed_names(names, chosen[order])
    places = None if fresh is None else fresh_places(group, fresh[order])
    comparison = Comparison.of(group, places, threshold, names.alphabet, _BATCH, _PROBES)
    lo = begin
    while lo < end:
        hi = min(end, int(np.searchsorted(group.length, group.length[lo], side="right")), lo + _INDEXED_AT_ONCE)
        if places is None:
            yield from _compare_lot(comparison, lo, hi)
        else:
            hi = lot_end(places, lo, hi)
            yield from compare_fresh_lot(comparison, places, lo, hi, _SMALL_INDEX)
        lo = hi
    if work is not None:
        work.add(comparison.space.counts)


def similar_pairs_of_groups(
    names: EncodedNames,
    threshold: Threshold,
    members: npt.NDArray[np.uint32],
    group_starts: npt.NDArray[np.int64],
    *,
    fresh: npt.NDArray[np.bool_] | None = None,
    work: Work | None = None,
) -> Iterator[PairBatch]:
    """Every similar pair within each of many groups, each once a group; for groups up to SMALL_GROUP members.

    Group g holds members[group_starts[g]:group_starts[g + 1]] (uint32 indices of names, each once a group).
    fresh: bool[number of members], and only the pairs of which one is fresh there; groups without cost nothing.
    Every pair of near lengths is screened: right for any size, wasteful for large ones. Memory: one batch.
    """
    space = workspace(threshold, names.alphabet, _BATCH)
    # Read-only in either case, so that only one version is compiled.
    mask = read_only(np.empty(0, np.bool_) if fresh is None else fresh)
    groups = Groups(members, mask, group_starts)
    everything_stale = fresh is not None and not fresh.any()
    resume = np.array([0, -1, len(group_starts) - 1 if everything_stale else 0], np.int64)
    while resume[2] < len(group_starts) - 1:
        found = compare_groups(names.arrays, groups, space, resume)
        if found:
            yield batch_of(space.out, found)
    if work is not None:
        work.add(space.counts)


def _reach(
    names: EncodedNames,
    threshold: Threshold,
    members: npt.NDArray[np.uint32],
    order: npt.NDArray[np.int64],
    begin: int,
    end: int,
) -> int:
    """The first place in the order of comparison that the places [begin, end) are compared with."""
    ordered = members[order[:end]].astype(np.int64)
    length = names.offsets[ordered + 1] - names.offsets[ordered]
    shortest = int(length[begin])
    return int(np.searchsorted(length, shortest - threshold.max_distance(shortest)))


def _compare_lot(comparison: Comparison, lo: int, hi: int) -> Iterator[PairBatch]:
    """The pairs of the names at places [lo, hi), of one length, with all before them."""
    length, bound, near = comparison.reach(lo)
    if hi - lo < _SMALL_INDEX or length < 2 * (bound + 1):
        yield from comparison.directly(lo, hi)
    else:
        yield from comparison.by_segments(lo, hi, [(near, hi)], bits_for(hi - lo))


assert _BATCH >= _INDEXED_AT_ONCE  # room for the pairs of one probe
assert _BATCH >= CHUNK

"""How fresh names of a large group are compared with all: directly, or by segments with a filter, or without one.

Fresh x meet all names before them: the x are indexed. Stale x meet the shorter fresh y alone: here, too, the longer
name is the one that is cut, but where the y are few, most x meet none of them and are left out of the index.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from lookalike.kernel.arrays import FreshPlaces
from lookalike.kernel.batches import PairBatch
from lookalike.kernel.comparison import Comparison
from lookalike.kernel.filters import sparse_bits
from lookalike.kernel.segments import bits_for

# Nanoseconds, on 100,000 and a million names of a realistic mix at 0.8 of which 1 in 1,000 to 1 in 100 is fresh.
# Only the ratios matter.
_SCREENED = 0.55  # a pair, compared directly
_HASHED = 16.0  # a segment, or a place that it is looked up at, before a filter; a fifth gets through, and is in it
_MET = 40.0  # a segment of one of the few names, to index it or to look it up
_FEW = 16  # times as many names on the other side, and a filter pays


def lot_end(fresh: FreshPlaces, lo: int, hi: int) -> int:
    """Where those of the places [lo, hi), of names of one length, end that are fresh if lo is, stale if it is."""
    if _is_fresh(fresh, lo):
        return hi  # stale before fresh
    following = int(np.searchsorted(fresh.place, lo))
    return min([hi, *fresh.place[following : following + 1].tolist()])


def compare_fresh_lot(
    comparison: Comparison, fresh: FreshPlaces, lo: int, hi: int, small_index: int
) -> Iterator[PairBatch]:
    """The pairs of the names at places [lo, hi), of one length and all fresh or all stale, of which one is fresh.

    small_index: up to so many names, comparing directly costs less than an index without a filter.
    """
    if _is_fresh(fresh, lo):
        return _compare_fresh(comparison, lo, hi, small_index)
    return _compare_stale(comparison, fresh, lo, hi, small_index)


def _compare_fresh(comparison: Comparison, lo: int, hi: int, small_index: int) -> Iterator[PairBatch]:
    length, bound, near = comparison.reach(lo)
    filtered = (hi - lo) * _FEW <= hi - near
    if length < 2 * (bound + 1):
        return comparison.directly(lo, hi)
    if filtered:
        indexed = (hi - near) * _probes(bound) * _HASHED + (hi - lo) * (bound + 1) * _MET
        if (hi - lo) * (hi - near) * _SCREENED < indexed:
            return comparison.directly(lo, hi)
        return comparison.by_segments(lo, hi, [(near, hi)], sparse_bits(hi - lo), few_indexed=True)
    if hi - lo < small_index:
        return comparison.directly(lo, hi)
    return comparison.by_segments(lo, hi, [(near, hi)], bits_for(hi - lo))


def _compare_stale(
    comparison: Comparison, fresh: FreshPlaces, lo: int, hi: int, small_index: int
) -> Iterator[PairBatch]:
    length, bound, _ = comparison.reach(lo)
    edges = np.searchsorted(fresh.length, np.arange(length - bound, length + 1)).tolist()
    few = fresh.place[edges[0] : edges[-1]]
    if not len(few):
        return iter(())
    if length < 2 * (bound + 1):
        return comparison.directly(lo, hi)
    runs = [
        (int(fresh.place[first]), int(fresh.place[last - 1]) + 1)
        for first, last in itertools.pairwise(edges)
        if first < last
    ]
    if len(few) * _FEW <= hi - lo:
        indexed = (hi - lo) * (bound + 1) * _HASHED + len(few) * _probes(bound) * _MET
        if (hi - lo) * len(few) * _SCREENED < indexed:
            return comparison.directly(lo, hi)
        bits = sparse_bits(len(few) * _probes(bound) // (bound + 1))
        return comparison.by_segments(lo, hi, runs, bits, few_looked_up=few)
    if min(hi - lo, len(few)) < small_index:
        return comparison.directly(lo, hi)
    return comparison.by_segments(lo, hi, runs, bits_for(hi - lo))


def _is_fresh(fresh: FreshPlaces, place: int) -> bool:
    following = int(np.searchsorted(fresh.place, place))
    return following < len(fresh.place) and int(fresh.place[following]) == place


def _probes(bound: int) -> int:
    """At how many places a name is looked up, over all segments, among names as long as itself."""
    return ((bound + 1) ** 2 + 1) // 2

"""The candidates of lossless blocking, counted block by block without comparing names.

A block is a set of names of one length that have the same text at the same segment (kernel.segments); an indexed name
and its probes meet in it. If there are few names of a length, or its segments would be short, the names are compared
directly with all names of a similar length. These are a block, too. The names may be a random sample of those of a
hashtag. A pair is in the sample with the square of the chance of a name, so counts are scaled up by the square.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import SortedNames
from lookalike.kernel.names import Codes
from lookalike.kernel.segments import cuts, shifts
from lookalike.strings.compiler import compiled

_MIX = np.uint64(0xFF51AFD7ED558CCD)


@compiled
def text_hash(codes: Codes, start: int, length: int) -> np.uint64:
    """The hash of a segment's text. Two texts with the same hash, one case in 2^64, count as one block."""
    mixed = np.uint64(length)
    for at in range(start, start + length):
        mixed = (mixed ^ (np.uint64(codes[at]) + np.uint64(1))) * _MIX
        mixed ^= mixed >> np.uint64(29)
    return mixed | np.uint64(1)  # 0 is an empty slot


@compiled
def _slot(keys: npt.NDArray[np.uint64], key: np.uint64) -> np.int64:
    """The place of a key in a hash table of open addressing, or the empty slot for it."""
    last = len(keys) - 1
    slot = np.int64((key >> np.uint64(20)) & np.uint64(last))
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & last
    return slot


@compiled
def _keep(
    worst: npt.NDArray[np.float64], candidates: float, names: float, place: int, segment: int, begin: int, end: int
) -> None:
    """Replace the least of the worst blocks by this one if this one is worse."""
    least = np.argmin(worst[:, 0])
    if candidates > worst[least, 0]:
        worst[least, 0] = candidates
        worst[least, 1] = names
        worst[least, 2] = place
        worst[least, 3] = segment
        worst[least, 4] = begin
        worst[least, 5] = end


@compiled
def count_meetings(
    names: SortedNames, p: int, q: int, scale: float, small: float, at_once: int, worst: npt.NDArray[np.float64]
) -> float:
    """Candidates of a hashtag from `scale` times fewer names of it, chosen at random; p / q is the threshold.

    small: fewer names of one length than this are compared directly. at_once: so many names are indexed at once.
    worst, float64[n, 6], is given as zeros and receives the n blocks with most candidates in no order: candidates,
    names, the place of a name in the block, the segment's number, and where in the name the segment begins and ends.
    The number is -1 for a block of names that are compared directly.
    """
    total = 0.0
    lo = 0
    square = scale * scale
    while lo < len(names.length):
        length = names.length[lo]
        hi = np.searchsorted(names.length, length, side="right")
        bound = (q - p) * length // q
        near = np.searchsorted(names.length, length - bound)
        count = hi - lo
        if count * scale < small or length < 2 * (bound + 1):
            pairs = square * count * (lo - near + (count - 1) / 2)
            total += pairs
            _keep(worst, pairs, scale * count, lo, -1, 0, 0)
            lo = hi
            continue
        size = 16
        while size < 2 * count:
            size *= 2
        real = min(count * scale, at_once)
        buckets = 16
        while buckets < real:
            buckets *= 2
        load = count * scale / buckets
        edges = cuts(length, bound)
        for s in range(bound + 1):
            cut = edges[s]
            width = edges[s + 1] - cut
            keys = np.zeros(size, np.uint64)
            inside = np.zeros(size, np.int64)
            member = np.zeros(size, np.int64)
            for x in range(lo, hi):
                key = text_hash(names.codes, names.start[x] + cut, width)
                slot = _slot(keys, key)
                keys[slot] = key
                inside[slot] += 1
                member[slot] = x
            met = np.zeros(size, np.float64)
            probes = 0.0
            for y in range(near, hi):
                first, last = shifts(edges, s, names.length[y])
                for shift in range(first, last + 1):
                    slot = _slot(keys, text_hash(names.codes, names.start[y] + cut + shift, width))
                    if y < lo:
                        met[slot] += inside[slot]
                        probes += 1
                    else:  # of two names of one length, each is the later one in half of the cases
                        met[slot] += max(0, inside[slot] - (shift == 0)) / 2
                        probes += 0.5
            total += square * met.sum() + probes * scale * load
            for slot in np.flatnonzero(inside):
                _keep(worst, square * met[slot], scale * inside[slot], member[slot], s, cut, cut + width)
        lo = hi
    return total

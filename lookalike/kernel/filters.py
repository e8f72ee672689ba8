"""Which buckets of a segment index are of any use: a bit for each, small enough to stay in the processor's cache.

Where few fresh names are compared with many others, nearly all of the others meet none of them. Whichever side is
looked up, a bit shows this at the cost of a hash and without a visit to the index (a semi-join by bitmap: B. Bloom,
"Space/time trade-offs in hash coding with allowable errors", CACM 13(7), 1970, with one hash).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import SortedNames
from lookalike.kernel.hashes import bucket_of
from lookalike.kernel.segments import SegmentIndex, cuts, shifts
from lookalike.strings.compiler import compiled

Wanted = npt.NDArray[np.uint64]
EVERYTHING = np.empty(0, np.uint64)  # the filter that lets all through
_SPARSE = 3  # 2^3 buckets for one thing in them: of the others one in eight gets through
_LEAST_BITS = 6  # one word


@compiled
def occupied(index: SegmentIndex) -> Wanted:
    """uint64[buckets / 64]: a bit for each bucket, set if it holds a name."""
    begin, end = index.begin, index.end
    wanted = np.zeros((len(begin) + 63) // 64, np.uint64)
    for bucket in range(len(begin)):
        if begin[bucket] < end[bucket]:
            wanted[bucket >> 6] |= np.uint64(1) << np.uint64(bucket & 63)
    return wanted


@compiled
def looked_up(
    names: SortedNames, places: npt.NDArray[np.int64], length: int, bound: int, segment: int, bits: int
) -> Wanted:
    """The same, set if the names at these places are looked up there, in an index of names of this length."""
    wanted = np.zeros(((1 << bits) + 63) // 64, np.uint64)
    codes, starts, lengths = names.codes, names.start, names.length  # each access would count references
    cut = cuts(length, bound)
    size = cut[segment + 1] - cut[segment]
    for place in places:
        first, last = shifts(cut, segment, lengths[place])
        start = starts[place] + cut[segment]
        for shift in range(first, last + 1):
            bucket = bucket_of(codes, start + shift, size, bits)
            wanted[bucket >> np.uint32(6)] |= np.uint64(1) << np.uint64(bucket & np.uint32(63))
    return wanted


def sparse_bits(things: int) -> int:
    """How many bits number the buckets of an index, so that few of them hold one of so many things."""
    return max(_LEAST_BITS, things.bit_length() + _SPARSE)

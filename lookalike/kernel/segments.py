"""Lossless blocking of a large group by segments, the partition idea of PassJoin.

G. Li, D. Deng, J. Wang, J. Feng, "Pass-Join: a partition-based method for similarity joins", VLDB 2011. If the
longer of two names is cut into k + 1 segments and at most k edits lead to the shorter one, some segment is left
whole. More closely: there is an untouched segment s (from 0) with exactly s edits before it and so at most k - s
after it. In the shorter name, whose length is less by `gap`, it is then found `shift` places from where it was cut,
with |shift| <= s and |shift + gap| <= k - s.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import SortedNames
from lookalike.kernel.diagonals import SHORT, byte_row
from lookalike.kernel.hashes import bucket_of
from lookalike.strings.compiler import compiled

_NONE = np.uint32(0xFFFFFFFF)  # the bucket before of an entry that has none
NOWHERE = np.uint32(0xFFFFFFFE)  # no bucket, and not that one


class SegmentIndex(NamedTuple):
    """Names at places in [lo, hi), all of one length, by the hash of one of their `bound` + 1 segments.

    n names of these places are in it.
    segment the number s of the segment
    cut     int64[bound + 2], where the segments begin, and the length
    bits    there are 2^bits buckets
    begin, end  uint32[buckets]: the entries of a bucket; the names in it at ascending places
    entry   uint32[n], place - lo of a name
    bucket_before   uint32[n], the bucket of the entry's segment s - 1; no bucket for s = 0
    signature   uint64[n], of each entry, so that a bucket is screened in one sweep
    rows    uint64[n, 2], the bytes of each entry's name; uint64[0, 2] where a name does not fit
    bytes_of    uint8, the same memory
    """

    lo: int
    hi: int
    bound: int
    segment: int
    cut: npt.NDArray[np.int64]
    bits: int
    begin: npt.NDArray[np.uint32]
    end: npt.NDArray[np.uint32]
    entry: npt.NDArray[np.uint32]
    bucket_before: npt.NDArray[np.uint32]
    signature: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.uint64]
    bytes_of: npt.NDArray[np.uint8]


@compiled(forceinline=True)
def shifts(cut: npt.NDArray[np.int64], segment: int, length: int) -> tuple[int, int]:
    """The first and the last shift at which a name of this length may hold a segment; first > last if none."""
    bound = len(cut) - 2
    gap = cut[-1] - length
    after = bound - segment
    first = max(-segment, -after - gap, -cut[segment])
    last = min(segment, after - gap, length - cut[segment + 1])
    return first, last


@compiled
def cuts(length: int, bound: int) -> npt.NDArray[np.int64]:
    """int64[bound + 2]: where the bound + 1 segments of a name of this length begin, and the length."""
    cut = np.empty(bound + 2, np.int64)
    for s in range(bound + 2):
        cut[s] = s * length // (bound + 1)
    return cut


@compiled(forceinline=True)
def is_wanted(wanted: npt.NDArray[np.uint64], bucket: np.uint32) -> bool:
    """Whether a filter (see lookalike.kernel.filters) lets a bucket through."""
    return (wanted[bucket >> np.uint32(6)] >> np.uint64(bucket & np.uint32(63))) & np.uint64(1) != np.uint64(0)


def bits_for(count: int) -> int:
    """How many bits number the buckets of an index of so many names: about a name a bucket."""
    return max(4, (count - 1).bit_length())


@compiled
def build_index(
    names: SortedNames, lo: int, hi: int, bound: int, segment: int, bits: int, wanted: npt.NDArray[np.uint64]
) -> SegmentIndex:
    """Index the names at places [lo, hi), of one length, by one segment for probes within `bound` edits.

    wanted: only the names whose bucket this filter lets through; uint64[0] for all.
    """
    codes, starts, signatures = names.codes, names.start, names.signature  # each access would count references
    length = names.length[lo]
    cut = cuts(length, bound)
    size = cut[segment + 1] - cut[segment]
    begin = np.zeros(1 << bits, np.uint32)
    end = np.zeros(1 << bits, np.uint32)
    chosen = np.empty(hi - lo, np.uint32)
    bucket = np.empty(hi - lo, np.uint32)
    count = 0
    for i in range(hi - lo):
        meets = bucket_of(codes, starts[lo + i] + cut[segment], size, bits)
        if len(wanted) == 0 or is_wanted(wanted, meets):
            chosen[count] = i
            bucket[count] = meets
            end[meets] += np.uint32(1)
            count += 1
    total = np.uint32(0)
    for b in range(1 << bits):
        begin[b] = total
        total += end[b]
        end[b] = begin[b]
    entry = np.empty(count, np.uint32)
    bucket_before = np.empty(count, np.uint32)
    signature = np.empty(count, np.uint64)
    is_short = length <= SHORT and codes.itemsize == 1
    rows = np.empty((count if is_short else 0, 2), np.uint64)
    for number in range(count):
        place = lo + np.int64(chosen[number])
        at = end[bucket[number]]
        end[bucket[number]] = at + np.uint32(1)
        start = starts[place]
        entry[at] = chosen[number]
        signature[at] = signatures[place]
        bucket_before[at] = _NONE
        if segment > 0:
            before = cut[segment - 1]
            bucket_before[at] = bucket_of(codes, start + before, cut[segment] - before, bits)
        if is_short:
            rows[at, 0], rows[at, 1] = byte_row(codes, start, length)
    bytes_of = rows.reshape(-1).view(np.uint8)
    return SegmentIndex(
        lo, hi, bound, segment, cut, bits, begin, end, entry, bucket_before, signature, rows, bytes_of
    )

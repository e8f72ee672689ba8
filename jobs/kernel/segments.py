"""Lossless blocking of a large group by segments, the partition idea of PassJoin.

G. Li, D. Deng, J. Wang, J. Feng, "Pass-Join: a partition-based method for similarity joins", VLDB 2011. If the
longer of two names is cut into k + 1 segments and at most k edits lead to the shorter one, some segment is left
whole. More closely: there is an untouched segment s (from 0) with exactly s edits before it and so at most k - s
after it. In the shorter name, whose length is less by `gap`, it is then found `shift` places from where it was cut,
with |shift| <= s and |shift + gap| <= k - s.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from jobs.kernel.arrays import SortedNames
from jobs.kernel.diagonals import SHORT, byte_row
from jobs.kernel.names import Codes

_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing
_NONE = np.uint32(0xFFFFFFFF)  # the bucket before of an entry that has none
NOWHERE = np.uint32(0xFFFFFFFE)  # no bucket, and not that one


class SegmentIndex(NamedTuple):
    """The names at places [lo, hi), all of one length, by the hash of one of their `bound` + 1 segments.

    segment the number s of the segment
    cut     int64[bound + 2], where the segments begin, and the length
    bits    there are 2^bits buckets
    begin, end  uint32[buckets]: the entries of a bucket; the names in it at ascending places
    entry   uint32[hi - lo], place - lo of a name
    bucket_before   uint32[hi - lo], the bucket of the entry's segment s - 1; no bucket for s = 0
    signature   uint64[hi - lo], of each entry, so that a bucket is screened in one sweep
    rows    uint64[hi - lo, 2], the bytes of each entry's name; uint64[0, 2] where a name does not fit
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


@numba.njit(cache=True, nogil=True, inline="always")
def bucket_of(codes: Codes, start: int, length: int, bits: int) -> np.uint32:
    """The bucket, of 2^bits, for a segment."""
    mixed = np.uint64(0)
    for at in range(start, start + length):
        mixed = (mixed + np.uint64(codes[at]) + np.uint64(1)) * _MIX
    mixed ^= mixed >> np.uint64(32)
    return np.uint32((mixed * _MIX) >> np.uint64(64 - bits))


@numba.njit(cache=True, nogil=True, inline="always")
def shifts(cut: npt.NDArray[np.int64], segment: int, length: int) -> tuple[int, int]:
    """The first and the last shift at which a name of this length may hold a segment; first > last if none."""
    bound = len(cut) - 2
    gap = cut[-1] - length
    after = bound - segment
    first = max(-segment, -after - gap, -cut[segment])
    last = min(segment, after - gap, length - cut[segment + 1])
    return first, last


@numba.njit(cache=True, nogil=True)
def cuts(length: int, bound: int) -> npt.NDArray[np.int64]:
    """int64[bound + 2]: where the bound + 1 segments of a name of this length begin, and the length."""
    cut = np.empty(bound + 2, np.int64)
    for s in range(bound + 2):
        cut[s] = s * length // (bound + 1)
    return cut


@numba.njit(cache=True, nogil=True)
def build_index(names: SortedNames, lo: int, hi: int, bound: int, segment: int) -> SegmentIndex:
    """Index the names at places [lo, hi), of one length, by one segment for probes within `bound` edits."""
    count = hi - lo
    length = names.length[lo]
    cut = cuts(length, bound)
    bits = 4
    while (1 << bits) < count:
        bits += 1
    size = cut[segment + 1] - cut[segment]
    begin = np.zeros(1 << bits, np.uint32)
    end = np.zeros(1 << bits, np.uint32)
    bucket = np.empty(count, np.uint32)
    for i in range(count):
        bucket[i] = bucket_of(names.codes, names.start[lo + i] + cut[segment], size, bits)
        end[bucket[i]] += np.uint32(1)
    total = np.uint32(0)
    for b in range(1 << bits):
        begin[b] = total
        total += end[b]
        end[b] = begin[b]
    entry = np.empty(count, np.uint32)
    bucket_before = np.empty(count, np.uint32)
    signature = np.empty(count, np.uint64)
    is_short = length <= SHORT and names.codes.itemsize == 1
    rows = np.empty((count if is_short else 0, 2), np.uint64)
    for i in range(count):
        at = end[bucket[i]]
        end[bucket[i]] = at + np.uint32(1)
        start = names.start[lo + i]
        entry[at] = i
        signature[at] = names.signature[lo + i]
        bucket_before[at] = _NONE
        if segment > 0:
            before = cut[segment - 1]
            bucket_before[at] = bucket_of(names.codes, start + before, cut[segment] - before, bits)
        if is_short:
            rows[at, 0], rows[at, 1] = byte_row(names.codes, start, length)
    bytes_of = rows.reshape(-1).view(np.uint8)
    return SegmentIndex(
        lo, hi, bound, segment, cut, bits, begin, end, entry, bucket_before, signature, rows, bytes_of
    )

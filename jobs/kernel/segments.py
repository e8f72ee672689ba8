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

from jobs.kernel.arrays import PairBuffer, SortedNames, put_pair
from jobs.kernel.direct import verify
from jobs.kernel.levenshtein import WORD, clear_pattern, set_pattern
from jobs.kernel.names import Codes
from jobs.kernel.screen import CHUNK, screen

_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing


class SegmentIndex(NamedTuple):
    """The names at places [lo, hi), all of one length, by the hash of each of their k + 1 segments.

    cut     int64[k + 2], where the segments begin, and the length
    begin, end  uint32[k + 1, buckets]: the entries of a bucket; the names in it at ascending places
    entry   uint32[k + 1, hi - lo], place - lo of a name
    once, twice uint64[k + 1, hi - lo], its planes, beside each other so that a bucket is screened in one sweep
    seen    uint32[hi - lo], the last probe that met the name
    """

    lo: int
    hi: int
    bound: int
    cut: npt.NDArray[np.int64]
    begin: npt.NDArray[np.uint32]
    end: npt.NDArray[np.uint32]
    entry: npt.NDArray[np.uint32]
    once: npt.NDArray[np.uint64]
    twice: npt.NDArray[np.uint64]
    seen: npt.NDArray[np.uint32]


@numba.njit(cache=True, nogil=True)
def _bucket(codes: Codes, start: int, length: int, bits: int) -> int:
    mixed = np.uint64(0)
    for at in range(start, start + length):
        mixed = (mixed ^ (np.uint64(codes[at]) + np.uint64(1))) * _MIX
        mixed ^= mixed >> np.uint64(32)
    return int((mixed * _MIX) >> np.uint64(64 - bits))


@numba.njit(cache=True, nogil=True)
def build_index(names: SortedNames, lo: int, hi: int, bound: int) -> SegmentIndex:
    """Index the names at places [lo, hi), of one length, for probes within `bound` edits."""
    count = hi - lo
    length = names.length[lo]
    segments = bound + 1
    bits = 4
    while (1 << bits) < count:
        bits += 1
    cut = np.empty(segments + 1, np.int64)
    for s in range(segments + 1):
        cut[s] = s * length // segments
    begin = np.zeros((segments, 1 << bits), np.uint32)
    end = np.zeros((segments, 1 << bits), np.uint32)
    entry = np.empty((segments, count), np.uint32)
    once = np.empty((segments, count), np.uint64)
    twice = np.empty((segments, count), np.uint64)
    bucket_of = np.empty(count, np.int64)
    for s in range(segments):
        for i in range(count):
            bucket = _bucket(names.codes, names.start[lo + i] + cut[s], cut[s + 1] - cut[s], bits)
            bucket_of[i] = bucket
            end[s, bucket] += 1
        total = 0
        for bucket in range(1 << bits):
            begin[s, bucket] = total
            total += end[s, bucket]
            end[s, bucket] = begin[s, bucket]
        for i in range(count):
            at = end[s, bucket_of[i]]
            end[s, bucket_of[i]] = at + 1
            entry[s, at] = i
            once[s, at] = names.once[lo + i]
            twice[s, at] = names.twice[lo + i]
    seen = np.full(count, 0xFFFFFFFF, np.uint32)
    return SegmentIndex(lo, hi, bound, cut, begin, end, entry, once, twice, seen)


@numba.njit(cache=True, nogil=True)
def probe_index(
    index: SegmentIndex,
    names: SortedNames,
    y_from: int,
    rows_of: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    out: PairBuffer,
) -> tuple[int, int]:
    """Find the pairs (y, x), y < x, of every indexed x with the shorter or equally long y from y_from on.

    Fills `out` and returns (number of pairs, y to go on from); the latter is index.hi when all is done. One call
    leaves room for the pairs of a whole y, so `out` must hold at least hi - lo pairs. Probes must ascend over
    the calls: entries before y are dropped from the index as it goes. The rest as for `compare_range`.
    """
    bits = 0
    while (1 << bits) < index.begin.shape[1]:
        bits += 1
    longer = index.cut[-1]
    passed = np.empty(CHUNK, np.uint8)
    hits = np.empty(CHUNK + 1, np.int64)
    found = 0
    for y in range(y_from, index.hi):
        if found + index.hi - index.lo > len(out.left):
            return found, y
        length = names.length[y]
        gap = longer - length
        pattern_is_set = False
        for s in range(index.bound + 1):
            size = index.cut[s + 1] - index.cut[s]
            after = index.bound - s
            first = max(-s, -after - gap, -index.cut[s])
            last = min(s, after - gap, length - size - index.cut[s])
            for shift in range(first, last + 1):
                bucket = _bucket(names.codes, names.start[y] + index.cut[s] + shift, size, bits)
                begin = np.int64(index.begin[s, bucket])
                end = np.int64(index.end[s, bucket])
                if y >= index.lo:
                    while begin < end and index.entry[s, begin] <= y - index.lo:
                        begin += 1
                    index.begin[s, bucket] = begin
                counts[0] += end - begin
                while begin < end:
                    stop = min(end, begin + CHUNK)
                    passing = screen(
                        names.once[y], names.twice[y], index.once[s], index.twice[s], begin, stop,
                        index.bound, passed, hits,
                    )  # fmt: skip
                    begin = stop
                    for hit in hits[:passing]:
                        i = index.entry[s, hit]
                        if index.seen[i] == np.uint32(y):
                            continue
                        index.seen[i] = np.uint32(y)
                        counts[1] += 1
                        if not pattern_is_set and length <= WORD:
                            set_pattern(rows_of, names.codes, names.start[y], length)
                            pattern_is_set = True
                        x = index.lo + np.int64(i)
                        start = names.start[index.lo] + np.int64(i) * longer  # all indexed names are as long
                        distance = verify(rows_of, names.codes, names.start[y], length, start, longer, index.bound)
                        if distance <= index.bound:
                            put_pair(out, found, names.member[x], names.member[y], distance, 0)
                            found += 1
        if pattern_is_set:
            clear_pattern(rows_of, names.codes, names.start[y], length)
    return found, index.hi

"""The pairs among names that meet in a segment index, each compared and reported once.

A pair meets where a segment of the one and a place of the other fall into one bucket, which may be several times.
It is compared only where the segment before does not meet at the same shift as well: there it would have been
compared already. It is reported where it meets first, in the order of segments and shifts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import SortedNames, put_pair
from lookalike.kernel.diagonals import SHORT, count_unequal, set_diagonals
from lookalike.kernel.direct import verify
from lookalike.kernel.hashes import bucket_of
from lookalike.kernel.levenshtein import WORD, clear_pattern, distance_to_pattern, set_pattern
from lookalike.kernel.names import Codes
from lookalike.kernel.probes import Probes
from lookalike.kernel.screen import CHUNK, screen
from lookalike.kernel.segments import NOWHERE, SegmentIndex, shifts
from lookalike.kernel.workspace import Workspace
from lookalike.strings.compiler import compiled


@compiled
def _met_before(
    codes: Codes,
    start_x: int,
    start_y: int,
    length_y: int,
    cut: npt.NDArray[np.int64],
    segment: int,
    shift: int,
    bits: int,
) -> bool:
    """Whether x and y meet at an earlier segment, or at an earlier shift of this one."""
    for s in range(segment + 1):
        size = cut[s + 1] - cut[s]
        first, last = shifts(cut, s, length_y)
        if s == segment:
            last = shift - 1
        bucket = bucket_of(codes, start_x + cut[s], size, bits)
        for earlier in range(first, last + 1):
            if bucket_of(codes, start_y + cut[s] + earlier, size, bits) == bucket:
                return True
    return False


@compiled
def _bucket_before(
    codes: Codes,
    start_y: int,
    length_y: int,
    cut: npt.NDArray[np.int64],
    segment: int,
    shift: int,
    bits: int,
) -> np.uint32:
    """Where the segment before is looked up at this shift; no bucket if it is not."""
    if segment > 0:
        first, last = shifts(cut, segment - 1, length_y)
        if first <= shift <= last:
            before = cut[segment - 1]
            return bucket_of(codes, start_y + before + shift, cut[segment] - before, bits)
    return NOWHERE


@compiled
def compare_probes(
    index: SegmentIndex,
    names: SortedNames,
    probes: Probes,
    begin: int,
    count: int,
    space: Workspace,
) -> tuple[int, int]:
    """Find the pairs (y, x), y < x, of indexed x and the y of `count` probes from number `begin` on.

    Fills space.out and returns (number of pairs, probe to go on from); the latter is `count` when all is done. One
    call leaves room for the pairs of a whole probe, so space.out must hold as many pairs at least as the index has
    names. The names of an index's probes must ascend over the calls: entries before them are dropped from the index
    as it goes.
    """
    # Taken out of their tuples once: each access to a member would count references.
    lo, bound, segment, cut, bits = index.lo, index.bound, index.segment, index.cut, index.bits
    first_entry, last_entry, entry = index.begin, index.end, index.entry
    bucket_before, signature, rows, bytes_of = index.bucket_before, index.signature, index.rows, index.bytes_of
    codes, rows_of, counts, out = names.codes, space.rows_of, space.counts, space.out
    flags, words, hits = space.room
    left, right, found_distance = out.left, out.right, out.distance
    longer = cut[-1]
    origin = _origins(names, longer, bound)
    shifted = np.empty(2 * SHORT, np.uint64)
    found = 0
    upto = count
    for i in range(begin, count):
        y = np.int64(probes.name[i])
        bucket = probes.bucket[i]
        gap = np.int64(probes.gap[i])
        at = np.int64(first_entry[bucket])
        end = np.int64(last_entry[bucket])
        if y >= lo:
            while at < end and entry[at] <= y - lo:
                at += 1
            first_entry[bucket] = at
        if found + end - at > len(left):
            upto = i
            break
        counts[0] += end - at
        while at < end:
            stop = min(end, at + CHUNK)
            passing = screen(probes.signature[i], signature, at, stop, 2 * bound - gap, flags, words, hits)
            at = stop
            if passing == 0:
                continue
            shift = np.int64(probes.shift[i])
            length = longer - gap
            start = origin[gap] + y * length
            met_there = _bucket_before(codes, start, length, cut, segment, shift, bits)
            passing = _keep_new(hits, passing, bucket_before, met_there)
            if len(rows):
                diagonals = set_diagonals(codes, start, length, gap, bound, shifted)
                passing = _keep_near(hits, passing, rows, longer, shifted, diagonals, bound)
            if passing == 0:
                continue
            counts[1] += passing
            if length <= WORD:
                set_pattern(rows_of, codes, start, length)
            for j in range(passing):
                x = lo + np.int64(entry[hits[j]])
                start_x = origin[0] + x * longer
                if len(rows):
                    distance = distance_to_pattern(rows_of, length, bytes_of, hits[j] * SHORT, longer, bound)
                else:
                    distance = verify(rows_of, codes, start, length, start_x, longer, bound)
                if distance <= bound and not _met_before(codes, start_x, start, length, cut, segment, shift, bits):
                    left[found] = x
                    right[found] = y
                    found_distance[found] = distance
                    found += 1
            if length <= WORD:
                clear_pattern(rows_of, codes, start, length)
    for i in range(found):  # from places to members only now: they are anywhere in memory
        put_pair(out, i, names.member[left[i]], names.member[right[i]], found_distance[i], 0)
    return found, upto


@compiled
def _origins(names: SortedNames, longer: int, bound: int) -> npt.NDArray[np.int64]:
    """For each gap, where the name at place 0 would begin if it and all others had that length.

    The names of one length are one after the other, so the one at place y begins at origin[gap] + y * length.
    """
    origin = np.zeros(bound + 1, np.int64)
    for gap in range(bound + 1):
        first = np.searchsorted(names.length, longer - gap)
        origin[gap] = names.start[first] - first * (longer - gap)
    return origin


@compiled
def _keep_new(
    hits: npt.NDArray[np.int64], count: int, bucket_before: npt.NDArray[np.uint32], met_there: np.uint32
) -> int:
    """Keep at the front of `hits` those that did not meet at the segment before; how many these are."""
    kept = 0
    for i in range(count):
        hit = hits[i]
        hits[kept] = hit
        kept += bucket_before[hit] != met_there
    return kept


@compiled
def _keep_near(
    hits: npt.NDArray[np.int64],
    count: int,
    rows: npt.NDArray[np.uint64],
    length: int,
    shifted: npt.NDArray[np.uint64],
    diagonals: int,
    bound: int,
) -> int:
    """Keep at the front of `hits` those that pass the second screen; how many these are."""
    kept = 0
    for i in range(count):
        hit = hits[i]
        hits[kept] = hit
        unequal = count_unequal(rows[hit, 0], rows[hit, 1], length, shifted, diagonals)
        kept += unequal <= np.uint64(bound)
    return kept

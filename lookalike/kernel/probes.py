"""Looking names up in a segment index, in the order of the index and not of the names.

A look-up costs mostly the wait for memory, if each goes to another place. So probes are first collected, then put in
order of the part of the index that they go to, as in a radix join (P. Boncz, S. Manegold, M. Kersten, "Database
architecture optimized for the new bottleneck: memory access", VLDB 1999): what is needed of a part is then near.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import SortedNames
from lookalike.kernel.hashes import bucket_of
from lookalike.kernel.segments import SegmentIndex, is_wanted, shifts
from lookalike.strings.compiler import compiled

_PART = 10  # a part of the index is 2^10 buckets: with their entries, 50 KB


class Probes(NamedTuple):
    """Room for probes: the place of a name, the bucket to look in, the shift, and the name's signature and gap."""

    name: npt.NDArray[np.uint32]
    bucket: npt.NDArray[np.uint32]
    shift: npt.NDArray[np.int32]
    signature: npt.NDArray[np.uint64]
    gap: npt.NDArray[np.int32]


def room_for_probes(capacity: int) -> Probes:
    """Room for so many probes."""
    return Probes(
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.uint64),
        np.empty(capacity, np.int32),
    )


@compiled
def collect_probes(
    index: SegmentIndex,
    names: SortedNames,
    y_from: int,
    y_end: int,
    wanted: npt.NDArray[np.uint64],
    unordered: Probes,
    probes: Probes,
) -> tuple[int, int]:
    """Fill `probes` with those of the names at places [y_from, y_end); their number, and the place to go on from.

    Ordered by part of the index; within a part by place. wanted: only probes of the buckets that this filter lets
    through; uint64[0] for all. `unordered` is scratch memory of the same capacity, which is at least bound + 1.
    """
    # Taken out of their tuples once: each access to a member would count references.
    cut, segment, bound, bits = index.cut, index.segment, index.bound, index.bits
    codes, starts, lengths, signatures = names.codes, names.start, names.length, names.signature
    name, bucket, shift_of, signature, gap = unordered
    size = cut[segment + 1] - cut[segment]
    place = np.zeros((1 << max(0, bits - _PART)) + 1, np.int64)
    to_part = np.uint32(min(bits, _PART))
    room = len(name) - bound
    count = 0
    y = y_from
    length = np.int64(-1)
    first = last = np.int64(0)
    while y < y_end and count < room:
        if lengths[y] != length:
            length = lengths[y]
            first, last = shifts(cut, segment, length)
        start = starts[y] + cut[segment]
        for shift in range(first, last + 1):
            met = bucket_of(codes, start + shift, size, bits)
            if len(wanted) and not is_wanted(wanted, met):
                continue
            name[count] = y
            bucket[count] = met
            shift_of[count] = shift
            signature[count] = signatures[y]
            gap[count] = cut[-1] - length
            count += 1
            place[(met >> to_part) + np.uint32(1)] += 1
        y += 1
    for part in range(len(place) - 1):
        place[part + 1] += place[part]
    ordered_name, ordered_bucket, ordered_shift, ordered_signature, ordered_gap = probes
    for i in range(count):
        part = bucket[i] >> to_part
        at = place[part]
        place[part] = at + 1
        ordered_name[at] = name[i]
        ordered_bucket[at] = bucket[i]
        ordered_shift[at] = shift_of[i]
        ordered_signature[at] = signature[i]
        ordered_gap[at] = gap[i]
    return count, y

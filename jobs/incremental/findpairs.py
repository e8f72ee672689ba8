"""Where new pairs stand among those of a bucket."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.strings.idindex import less_bytes, same_bytes
from lookalike.strings.packed import packed_strings
from lookalike.strings.values import Bytes, Places, frozen

Similarities = npt.NDArray[np.float64]


def first_not_before(pairs: pa.Table, low: Places, high: Places, wanted: pa.Table) -> Places:
    """int64[n]: for each wanted pair the first of pairs[low[i]:high[i]] that does not stand before it, or high[i].

    Both tables have the columns similarity, account_a and account_b of tables.PAIRS without nulls; each of these
    parts is in its order.
    """
    return _first_not_before(*_columns(pairs), frozen(low), frozen(high), *_columns(wanted))


def _columns(pairs: pa.Table) -> tuple[Similarities, Bytes, Places, Bytes, Places]:
    ids = (packed_strings(pairs[name].combine_chunks()) for name in ("account_a", "account_b"))
    left, right = ((frozen(packed), frozen(offsets)) for packed, offsets in ids)
    return frozen(pairs["similarity"].to_numpy()), *left, *right


@numba.njit(cache=True, nogil=True)
def _first_not_before(
    similarity: Similarities,
    left: Bytes,
    left_offsets: Places,
    right: Bytes,
    right_offsets: Places,
    low: Places,
    high: Places,
    new_similarity: Similarities,
    new_left: Bytes,
    new_left_offsets: Places,
    new_right: Bytes,
    new_right_offsets: Places,
) -> Places:
    found = np.empty(len(low), np.int64)
    for i in range(len(low)):
        one, end = new_left_offsets[i], new_left_offsets[i + 1]
        other, other_end = new_right_offsets[i], new_right_offsets[i + 1]
        first, last = low[i], high[i]
        while first < last:
            middle = (first + last) // 2
            start, stop = left_offsets[middle], left_offsets[middle + 1]
            if similarity[middle] != new_similarity[i]:
                is_before = similarity[middle] > new_similarity[i]
            elif same_bytes(left, start, stop, new_left, one, end):
                start, stop = right_offsets[middle], right_offsets[middle + 1]
                is_before = less_bytes(right, start, stop, new_right, other, other_end)
            else:
                is_before = less_bytes(left, start, stop, new_left, one, end)
            if is_before:
                first = middle + 1
            else:
                last = middle
        found[i] = first
    return found

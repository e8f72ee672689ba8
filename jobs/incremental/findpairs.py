"""The places of new pairs among others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.strings.compiler import compiled
from lookalike.strings.idindex import less_bytes, same_bytes
from lookalike.strings.packed import packed_strings
from lookalike.strings.values import Bytes, Places, frozen

Similarities = npt.NDArray[np.float64]


class _Pairs(NamedTuple):
    """n pairs in the order of tables.PAIRS: similarity float64[n], and the ids of account_a and account_b, packed."""

    similarity: Similarities
    a: Bytes
    a_offsets: Places
    b: Bytes
    b_offsets: Places


def first_not_before(pairs: pa.Table, low: Places, high: Places, wanted: pa.Table) -> Places:
    """int64[n]: for each wanted pair the first of pairs[low[i]:high[i]] that is not before it, or high[i].

    Both tables have the columns similarity, account_a and account_b of tables.PAIRS without nulls; each of these
    parts is in its order.
    """
    return _first_not_before(_columns(pairs), frozen(low), frozen(high), _columns(wanted))


def _columns(pairs: pa.Table) -> _Pairs:
    ids = (packed_strings(pairs[name].combine_chunks()) for name in ("account_a", "account_b"))
    a, b = ((frozen(packed), frozen(offsets)) for packed, offsets in ids)
    return _Pairs(frozen(pairs["similarity"].to_numpy()), *a, *b)


@compiled
def _first_not_before(pairs: _Pairs, low: Places, high: Places, wanted: _Pairs) -> Places:
    similarity, a, a_offsets, b, b_offsets = pairs
    new_similarity, new_a, new_a_offsets, new_b, new_b_offsets = wanted
    found = np.empty(len(low), np.int64)
    for i in range(len(low)):
        one, end = new_a_offsets[i], new_a_offsets[i + 1]
        other, other_end = new_b_offsets[i], new_b_offsets[i + 1]
        first, last = low[i], high[i]
        while first < last:
            middle = (first + last) // 2
            start, stop = a_offsets[middle], a_offsets[middle + 1]
            if similarity[middle] != new_similarity[i]:
                is_before = similarity[middle] > new_similarity[i]
            elif same_bytes(a, start, stop, new_a, one, end):
                start, stop = b_offsets[middle], b_offsets[middle + 1]
                is_before = less_bytes(b, start, stop, new_b, other, other_end)
            else:
                is_before = less_bytes(a, start, stop, new_a, one, end)
            if is_before:
                first = middle + 1
            else:
                last = middle
        found[i] = first
    return found

"""Binary search in many short sorted lists of strings at once."""

from __future__ import annotations

import numba
import numpy as np
import pyarrow as pa

from lookalike.strings.idindex import less_bytes
from lookalike.strings.packed import packed_strings
from lookalike.strings.values import Bytes, Places, frozen


def first_not_less(strings: pa.StringArray, low: Places, high: Places, wanted: pa.StringArray) -> Places:
    """int64[n]: for each wanted string the first of strings[low[i]:high[i]], ascending, that is not less, or high[i].

    Compared as UTF-8 bytes.
    """
    lists = (frozen(array) for array in packed_strings(strings))
    return _first_not_less(*lists, frozen(low), frozen(high), *(frozen(array) for array in packed_strings(wanted)))


@numba.njit(cache=True, nogil=True)
def _first_not_less(
    packed: Bytes, offsets: Places, low: Places, high: Places, wanted: Bytes, wanted_offsets: Places
) -> Places:
    found = np.empty(len(low), np.int64)
    for i in range(len(low)):
        first, last = low[i], high[i]
        while first < last:
            middle = (first + last) // 2
            if less_bytes(
                packed, offsets[middle], offsets[middle + 1], wanted, wanted_offsets[i], wanted_offsets[i + 1]
            ):
                first = middle + 1
            else:
                last = middle
        found[i] = first
    return found

"""Data pages of indices to the entries of a dictionary.

Parquet format, Encodings.md, "Dictionary Encoding (PLAIN_DICTIONARY = 2 and RLE_DICTIONARY = 8)": the width of an
index in a byte, then the indices as in hybrid.py.
"""

from __future__ import annotations

import numba
import numpy as np

from lookalike.snapshots.parquet.hybrid import Small, get_hybrid, put_hybrid
from lookalike.snapshots.parquet.memory import Bytes, bit_width, signed
from lookalike.snapshots.parquet.pages import DATA_PAGE, DICTIONARY, Valid, begin_page, end_page, put_levels


@numba.njit(cache=True, nogil=True)
def put_indices(numbers: Small, entries: int, valid: Valid, rows: int, nullable: bool, out: Bytes, at: int) -> int:
    """A data page of indices to a dictionary of so many entries. The place behind it."""
    width = max(1, bit_width(np.uint64(entries - 1)))  # not every reader knows a width of none
    size = len(numbers) * width // 8
    body = to = begin_page(out, at, DATA_PAGE, size, rows, DICTIONARY)
    if nullable:
        to = put_levels(valid, rows, out, to)
    out[to] = width
    to = put_hybrid(numbers, width, out, to + 1)
    return end_page(out, at, DATA_PAGE, size, rows, DICTIONARY, body, to)


@numba.njit(cache=True, nogil=True)
def get_indices(buffer: Bytes, at: int, end: int, values: int, entries: int) -> Small:
    """int32[values]: the indices at buffer[at:end], all below `entries`. Raises ValueError."""
    index = np.empty(values, np.int32)
    if at >= end or buffer[at] > 31:
        raise ValueError("no indices")
    get_hybrid(buffer, at + 1, end, signed(buffer[at]), index)
    for value in index:
        if value < 0 or value >= entries:
            raise ValueError("an index leads out of the dictionary")
    return index

"""The statistics of a column chunk: its least and greatest value.

Parquet format, parquet.thrift `Statistics`, with the order of `TypeDefinedOrder`: text by its bytes, doubles with a
zero of either sign as both.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from lookalike.snapshots.parquet.columns import Column
from lookalike.snapshots.parquet.fixedwidth import Numbers
from lookalike.snapshots.parquet.hybrid import Small
from lookalike.snapshots.parquet.text import PREFIX, Text
from lookalike.strings.idindex import less_bytes

# A footer is not to be filled with long texts; a reader that misses these decodes the values.
_LONGEST: Final = 4096


class Statistics(NamedTuple):
    """nulls: how many. least, greatest: the exact values, as the plain encoding has them without a length."""

    nulls: int
    least: bytes
    greatest: bytes


def text_statistics(text: Text, entries: Small, nulls: int) -> Statistics | None:
    """Of the values of these entries; None if there is none or a long one."""
    if not len(entries):
        return None
    least, greatest = (
        text.data[text.edge[entry] + PREFIX : text.edge[entry + 1]].tobytes()
        for entry in map(int, _extreme_entries(text, entries))
    )
    return Statistics(nulls, least, greatest) if max(len(least), len(greatest)) <= _LONGEST else None


def number_statistics(column: Column, dense: npt.NDArray[np.int64], nulls: int) -> Statistics | None:
    """Of the values that are not null, as in Numbers; None if there is none, or one is not a number."""
    if not len(dense):
        return None
    values = dense.view(column.word) if column.word.itemsize == 8 else dense.astype(column.word)
    least, greatest = values.min(), values.max()
    if least != least:  # not a number
        return None
    if column.word.kind == "f":
        least, greatest = (-0.0 if least == 0 else least), (0.0 if greatest == 0 else greatest)
    return Statistics(nulls, *(np.array(value, column.word).tobytes() for value in (least, greatest)))


def null_count(values: Text | Numbers) -> int:
    """How many values are null."""
    return int(len(values.valid) - np.count_nonzero(values.valid))


@numba.njit(cache=True, nogil=True)
def _extreme_entries(text: Text, entries: Small) -> tuple[int, int]:
    least = greatest = entries[0]
    for entry in entries:
        if _is_less(text, entry, least):
            least = entry
        elif _is_less(text, greatest, entry):
            greatest = entry
    return least, greatest


@numba.njit(cache=True, nogil=True)
def _is_less(text: Text, one: int, other: int) -> bool:
    edge = text.edge
    return less_bytes(text.data, edge[one] + PREFIX, edge[one + 1], text.data, edge[other] + PREFIX, edge[other + 1])

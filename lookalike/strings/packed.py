"""Arrow's strings as packed bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lookalike.strings.values import Bytes, Places


def packed_strings(array: Any) -> tuple[Bytes, Places]:
    """The bytes of an array of strings, large or not, without nulls, and int64[n + 1] where each value begins."""
    _, offsets, values = array.buffers()
    packed = np.frombuffer(values, np.uint8) if values is not None and values.size else np.zeros(0, np.uint8)
    if not len(array):
        return packed, np.zeros(1, np.int64)
    kind = np.dtype(np.int64 if pa.types.is_large_string(array.type) else np.int32)
    places = np.frombuffer(offsets, kind, len(array) + 1, array.offset * kind.itemsize)
    return packed, places.astype(np.int64, copy=False)


def large_strings(packed: Bytes, offsets: Places) -> pa.LargeStringArray:
    """The array of the values packed[offsets[i]:offsets[i + 1]], which are UTF-8. Nothing is copied."""
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(packed))

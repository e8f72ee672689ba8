"""The places of strings among others: found by an index that is made once, or without anything compiled."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.strings.idindex import build_index, find_ids
from lookalike.strings.packed import packed_strings
from lookalike.strings.values import Places


class PlaceFinder(Protocol):
    """Finds the places of strings among n that differ."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory beside the strings."""

    def find(self, strings: pa.StringArray) -> Places:
        """int64[]: the place of each string, -1 for those that are not there."""


class StringPlaces:
    """Finds the places of strings among n that differ. pyarrow's index_in would index these n in every call."""

    def __init__(self, strings: pa.StringArray) -> None:
        """Memory: 24 bytes for each string, and the strings themselves."""
        self._packed, self._offsets = packed_strings(strings)
        self._slots = build_index(self._packed, self._offsets)

    @property
    def nbytes(self) -> int:
        """Bytes of memory beside the strings."""
        return self._offsets.nbytes + self._slots.nbytes

    def find(self, strings: pa.StringArray) -> Places:
        """int64[]: the place of each string, -1 for those that are not there."""
        packed, offsets = packed_strings(strings)
        return find_ids(self._slots, self._packed, self._offsets, packed, offsets[:-1], offsets[1:])


class PlainPlaces:
    """Finds them with pyarrow's index_in, which indexes the n in every call. Nothing compiled is needed."""

    nbytes = 0

    def __init__(self, strings: pa.StringArray) -> None:
        """Keep the strings."""
        self._strings = strings

    def find(self, strings: pa.StringArray) -> Places:
        """As in PlaceFinder."""
        found: Places = pc.fill_null(pc.index_in(strings, self._strings), -1).to_numpy().astype(np.int64)
        return found

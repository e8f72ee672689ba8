"""Pairs of a hashtag of a snapshot that has identical names as groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from lookalike.snapshots.groupedpairs import Position
from lookalike.snapshots.reader import Snapshot
from lookalike.threshold import Threshold
from serving.api.ranges import START, Place
from serving.lookup.rows import grouped_pairs

_BITS: Final = 32  # of a place's first number for the member; above them is the level


class GroupPairs:
    """All pairs from a similarity on. A place names a level and a member, and counts rows from there."""

    def __init__(self, snapshot: Snapshot, key: str, least: Threshold) -> None:
        """Nothing is read yet. key: the normalised hashtag."""
        self._snapshot, self._key, self._lowest = snapshot, key, least.lowest_similarity

    def pieces(self, begin: Place = START) -> Iterator[tuple[Place, pa.Table]]:
        """As in pairs.Pieces."""
        place = Position(level=begin.group >> _BITS, member=begin.group & ((1 << _BITS) - 1), skip=begin.row)
        for piece in grouped_pairs(self._snapshot, self._key).pieces(self._lowest, place):
            level, member, skip = piece.position
            yield Place(level << _BITS | member, skip), piece.rows(self._key)

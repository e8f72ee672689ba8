"""The similar pairs of a hashtag from any place on: a page of them, or all that follow, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from lookalike.snapshots.reader import Snapshot
from lookalike.tables import PAIRS
from serving.v1.ranges import START, Place, with_key
from serving.v1.steps import Steps


class Page(NamedTuple):
    """Pairs (tables.PAIRS) and where the next page begins; None after the last."""

    pairs: pa.Table
    next: Place | None


class Pieces(Protocol):
    """Pairs of one hashtag in the order of tables.PAIRS."""

    def pieces(self, begin: Place) -> Iterator[tuple[Place, pa.Table]]:
        """Those from a place on in pieces (tables.PAIRS) that are never empty, each with its first row's place."""


class StoredPairs:
    """The pairs of a hashtag that the snapshot has, from a similarity on."""

    def __init__(self, snapshot: Snapshot, key: str, lowest: float) -> None:
        """lowest: the least similarity, see serving.lookup.parameters.lowest_printed. Nothing is read yet."""
        self._snapshot, self._key, self._lowest = snapshot, key, lowest

    def pieces(self, begin: Place = START) -> Iterator[tuple[Place, pa.Table]]:
        """As in Pieces; a piece is at most a row group."""
        for piece in with_key(self._snapshot.stored_for("pairs", self._key), self._key, begin):
            rows = piece.read()
            similarity = rows.column("similarity").to_numpy()
            head = int(np.searchsorted(-similarity, -self._lowest, side="right"))
            if head:
                yield Place(piece.group, piece.start), rows.slice(0, head)
            if head < len(similarity):
                return


def page(pairs: Pieces, begin: Place, limit: int) -> Steps[Page]:
    """At most `limit` pairs from a place on."""
    found: list[pa.Table] = []
    room = limit
    for place, rows in pairs.pieces(begin):
        if not room:
            return Page(pa.concat_tables(found), place)
        found.append(rows.slice(0, room))
        if rows.num_rows > room:
            return Page(pa.concat_tables(found), Place(place.group, place.row + room))
        room -= rows.num_rows
        yield
    return Page(pa.concat_tables(found) if found else PAIRS.schema.empty_table(), None)

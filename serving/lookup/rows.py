"""Where the pairs of an answer come from: rows stored in the snapshot, in pieces, the most similar first."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.outputs.buckets import bucket_of
from lookalike.snapshots.groupedpairs import START, GroupedPairs
from lookalike.snapshots.openfiles import DataFile
from lookalike.snapshots.reader import Snapshot
from serving.lookup import compiled
from serving.lookup.encoding import Pairs

_COLUMNS: Final = ["account_a", "account_b", "similarity"]


class Rows(Protocol):
    """Pairs of one hashtag in the order of the contract."""

    def pieces(self, lowest: float, offset: int = 0, limit: int | None = None) -> Iterator[Pairs]:
        """Those of at least this similarity, some left out, in pieces that a few megabytes hold. Blocks."""


class StoredRows:
    """The stored pairs of a hashtag. Nothing is read before `pieces` is used; raises SnapshotError there."""

    def __init__(self, snapshot: Snapshot, key: str) -> None:
        """key: the normalised hashtag."""
        self._snapshot, self._key = snapshot, key.encode()

    def pieces(self, lowest: float, offset: int = 0, limit: int | None = None) -> Iterator[Pairs]:
        """As in Rows; a piece is at most a row group."""
        for file, group, whole in self._groups():
            if limit == 0:
                return
            if whole and offset:  # this column is enough to know whether the group is skipped
                similarity = _doubles(file.read(group, ["similarity"]).column(0))
                head = _head(similarity, lowest)
                if head <= offset:
                    offset -= head
                    if head < len(similarity):
                        return
                    continue
            pairs = self._read(file, group, whole)
            count = len(pairs.similarity)
            head = _head(pairs.similarity, lowest)
            stop = head if limit is None else min(head, offset + limit)
            if stop > offset:
                yield pairs.slice(offset, stop)
                limit = None if limit is None else limit - (stop - offset)
            offset = max(0, offset - head)
            if head < count:
                return

    def _groups(self) -> Iterator[tuple[DataFile, int, bool]]:
        """The row groups that may hold the hashtag, and whether they hold no other."""
        key = self._key
        for file in self._snapshot.stored("pairs", bucket_of(key, self._snapshot.manifest.buckets)).files:
            first = bisect.bisect_left(file.bounds, key, key=lambda bounds: bounds[1])
            for group in range(first, len(file.bounds)):
                least, greatest = file.bounds[group]
                if least > key:
                    return
                yield file, group, least == key == greatest

    def _read(self, file: DataFile, group: int, whole: bool) -> Pairs:
        if whole:
            rows = file.read(group, _COLUMNS)
        else:
            rows = file.read(group, ["hashtag", *_COLUMNS])
            same = np.flatnonzero(pc.equal(rows.column("hashtag"), pa.scalar(self._key.decode())).to_numpy())
            rows = rows.slice(int(same[0]), len(same)) if len(same) else rows.slice(0, 0)
        a, b = (_strings(rows.column(name)) for name in _COLUMNS[:2])
        return Pairs(a, b, _doubles(rows.column("similarity")))


class GroupedRows:
    """All pairs of a hashtag of a snapshot that has identical names as groups; as StoredRows."""

    def __init__(self, snapshot: Snapshot, key: str) -> None:
        """key: the normalised hashtag."""
        self._snapshot, self._key = snapshot, key

    def pieces(self, lowest: float, offset: int = 0, limit: int | None = None) -> Iterator[Pairs]:
        """As in Rows."""
        pairs = grouped_pairs(self._snapshot, self._key)
        begin = pairs.position(offset) if offset else START
        if begin is not None:
            for piece in pairs.pieces(lowest, begin, limit):
                yield Pairs(piece.a, piece.b, piece.signals["similarity"])


def grouped_pairs(snapshot: Snapshot, key: str) -> GroupedPairs:
    """Those of a hashtag of such a snapshot; until the compiled functions are ready, they are found without."""
    return snapshot.grouped_pairs(key, plainly=not compiled.are_ready())


def stored_rows(snapshot: Snapshot, key: str) -> Rows:
    """The pairs of a hashtag, given as the normalised key, that the snapshot has."""
    return GroupedRows(snapshot, key) if snapshot.manifest.is_grouped else StoredRows(snapshot, key)


def _head(similarity: npt.NDArray[np.float64], lowest: float) -> int:
    """How many values of a descending array are at least `lowest`."""
    return int(np.searchsorted(-similarity, -lowest, side="right"))


def _doubles(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = column.combine_chunks().to_numpy()
    return values


def _strings(column: pa.ChunkedArray) -> Any:
    return column.combine_chunks()

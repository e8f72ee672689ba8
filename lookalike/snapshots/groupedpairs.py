"""All pairs of a hashtag in a snapshot that has identical names as groups, in the order of tables.PAIRS.

The stored pairs are those of the first account of each name, the most similar first. So the pairs are listed level by
level of similarity: identical names first, then each stretch of stored pairs of one similarity. Only what is asked
for is listed. Memory: about 100 bytes for each member, and 40 for each stored pair of one similarity.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.snapshots.grouplevel import GroupLevel
from lookalike.snapshots.namegroups import NameGroups, Numbers, places_of
from lookalike.tables import PAIRS

_PIECE: Final = 1 << 14  # rows
_MOST_AT_ONCE: Final = 64  # row groups of stored pairs that are read together
_FURTHEST: Final = 1 << 16  # rows, and one for each member, that a position may be after its member's first one


class Position(NamedTuple):
    """A row: so many rows after the first one of a member, in a level; levels and members are counted from 0."""

    level: int = 0
    member: int = 0
    skip: int = 0


START: Final = Position()


@dataclasses.dataclass(frozen=True)
class PairPiece:
    """Some pairs that follow on each other. position: of the first one.

    a, b: ids of their accounts. signals: the columns of tables.PAIRS behind the key, by name.
    """

    position: Position
    a: pa.StringArray
    b: pa.StringArray
    signals: dict[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.a)

    def rows(self, key: str) -> pa.Table:
        """As tables.PAIRS; key: of the hashtag."""
        hashtag = pa.repeat(pa.scalar(key, pa.string()), len(self))
        batch = PAIRS.batch(hashtag=hashtag, account_a=self.a, account_b=self.b, **self.signals)
        return pa.Table.from_batches([batch])


class GroupedPairs:
    """The pairs of one hashtag. For any number of threads."""

    def __init__(self, groups: NameGroups, stored: Callable[[], Iterator[pa.Table]]) -> None:
        """stored: begins to read the hashtag's rows of the table, in pieces."""
        self.groups, self._stored = groups, stored
        self._totals: dict[int, int] = {}  # rows of the levels that were read, by number
        self._kept: tuple[int, GroupLevel] | None = None  # the level used last, by number
        self._end = sys.maxsize  # the number of levels, once all were read

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.groups.nbytes + self.groups.firsts.nbytes + (self._kept[1].nbytes if self._kept else 0)

    def pieces(
        self, lowest: float = -math.inf, begin: Position = START, limit: int | None = None
    ) -> Iterator[PairPiece]:
        """The pairs of at least this similarity from a row on, at most so many; never an empty piece."""
        room = math.inf if limit is None else limit
        members = len(self.groups.group_of)
        member, skip = max(0, min(begin.member, members)), max(0, min(begin.skip, members + _FURTHEST))
        for number, level in self._levels(max(0, begin.level)):
            if level.similarity < lowest:
                return
            for piece in self._pieces(number, level, member, skip, room):
                room -= len(piece)
                yield piece
            if not room:  # the next level may have to be read
                return
            member = skip = 0

    def position(self, offset: int) -> Position | None:
        """Where the row is that has so many before it; None if there are not so many."""
        number = 0
        while number in self._totals and offset >= self._totals[number]:
            offset -= self._totals[number]
            number += 1
        for level_number, level in self._levels(number):
            if offset < level.total:
                members = range(len(self.groups.group_of))
                member = bisect.bisect_right(members, offset, key=level.rows_before) - 1
                return Position(level_number, member, offset - level.rows_before(member))
            offset -= level.total
        return None

    def totals(self) -> Iterator[tuple[float, int]]:
        """Each similarity, descending, and the number of pairs that have it."""
        for _, level in self._levels(0):
            yield level.similarity, level.total

    def _pieces(self, number: int, level: GroupLevel, member: int, skip: int, room: float) -> Iterator[PairPiece]:
        """Rows of a level, from one of a member on."""
        while member < len(self.groups.group_of) and room > 0:
            left, right, distance, following = level.rows(member, skip + int(min(_PIECE, room)))
            stop = int(min(len(left), skip + room))
            for start in range(skip, stop, _PIECE):
                part = slice(start, min(start + _PIECE, stop))
                first = int(left[start])  # of whose rows all are here
                position = Position(number, first, start - int(np.searchsorted(left, first)))
                yield self._piece(position, left[part], right[part], distance[part])
            room -= max(0, stop - skip)
            member, skip = following, max(0, skip - len(left))

    def _piece(self, position: Position, left: Numbers, right: Numbers, distance: npt.NDArray[np.int32]) -> PairPiece:
        ids = self.groups.ids
        a, b = (ids.take(pa.array(side)) for side in (left, right))
        return PairPiece(position, a, b, self.groups.signals(left, right, distance))

    def _levels(self, first: int) -> Iterator[tuple[int, GroupLevel]]:
        """The levels from one on, by number, the most similar first. Level 0 is that of identical names."""
        kept = self._kept
        if kept is not None and kept[0] == first:
            yield kept
            first += 1
        if first >= self._end:
            return
        for number, level in enumerate(itertools.chain([GroupLevel.within(self.groups)], self._stored_levels())):
            self._totals[number] = level.total
            if number >= first:
                self._kept = number, level
                yield number, level
        self._end = len(self._totals)

    def _stored_levels(self) -> Iterator[GroupLevel]:
        """The stored pairs, those of one similarity together."""
        waiting: list[GroupLevel] = []
        for part in self._stored_parts():
            if waiting and waiting[0].similarity != part.similarity:
                yield _joined(waiting)
                waiting = []
            waiting.append(part)
        if waiting:
            yield _joined(waiting)

    def _stored_parts(self) -> Iterator[GroupLevel]:
        """The stored pairs in parts of one similarity. First little is read at once, then more."""
        pieces, at_once = self._stored(), 1
        while read := list(itertools.islice(pieces, at_once)):
            rows = pa.concat_tables(read)
            left, right = (
                places_of(rows.column(side), self.groups.firsts).astype(np.uint32)
                for side in ("account_a", "account_b")
            )
            distance, similarity = rows.column("distance").to_numpy(), rows.column("similarity").to_numpy()
            edges = [0, *(np.flatnonzero(np.diff(similarity)) + 1).tolist(), len(similarity)]
            for start, end in itertools.pairwise(edges):
                part = slice(start, end)
                yield GroupLevel(float(similarity[start]), self.groups, left[part], right[part], distance[part])
            at_once = min(4 * at_once, _MOST_AT_ONCE)


def _joined(parts: list[GroupLevel]) -> GroupLevel:
    if len(parts) == 1:
        return parts[0]
    left, right, distance = (
        np.concatenate([getattr(part, side) for part in parts]) for side in ("left", "right", "distance")
    )
    return GroupLevel(parts[0].similarity, parts[0].groups, left, right, distance)

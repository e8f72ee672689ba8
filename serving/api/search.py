"""The search of hashtags as one types: a prefix of the key, in the order of key, members or pairs.

The table of hashtags is sorted by key, so a prefix is a range of its rows. In the order of the key the range is read
from where a page begins. For the other orders one column of the range is read, row group by row group, keeping
no more than the best rows so far; then those rows are read in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.stored import StoredTable
from lookalike.tables import HashtagRow
from serving.api.ranges import START, Piece, Place, with_prefix
from serving.api.steps import Steps

Order = Literal["pairs", "members", "name"]
# Pages of the search for nothing, which an empty search box shows, come from a list of so many.
KEPT: Final = 1000
_GROUPS_A_STEP: Final = 16
_ROWS: Final = 32  # bits of a row's number within its row group


class Found(NamedTuple):
    """Hashtags of one page, and the mark after which the next begins; None on the last page."""

    hashtags: list[HashtagRow]
    after: Mark | None


class Mark(NamedTuple):
    """Where a page ends. value: of the column that it is ordered by, 0 in the order of the key."""

    value: int
    place: Place

    def packed(self) -> tuple[int, int]:
        """As two numbers."""
        return self.value, self.place.group << _ROWS | self.place.row

    @classmethod
    def unpacked(cls, value: int, place: int) -> Mark:
        """From two numbers."""
        return cls(value, Place(place >> _ROWS, place & ((1 << _ROWS) - 1)))


class Best:
    """The rows with the greatest values, the earlier first among equals: at most `size`, after a mark if given."""

    def __init__(self, size: int, after: Mark | None = None) -> None:
        self._size, self._after = size, None if after is None else after.packed()
        self._values = np.zeros(0, np.int64)
        self._places = np.zeros(0, np.int64)

    def add(self, values: npt.NDArray[np.int64], first: Place) -> None:
        """Offer consecutive rows, which follow all that were offered before."""
        start = first.group << _ROWS | first.row
        wanted = np.ones(len(values), bool)
        if self._after is not None:
            value, place = self._after
            wanted = values < value
            beyond = max(0, place + 1 - start)  # of the rows with the mark's own value, only later ones
            wanted[beyond:] |= values[beyond:] == value
        if len(self._values) == self._size:
            wanted &= values > self._values[-1]
        rows = np.flatnonzero(wanted)
        if not len(rows):
            return
        merged = np.concatenate([self._values, values[rows]])
        places = np.concatenate([self._places, rows + start])
        best = np.lexsort((places, -merged))[: self._size]
        self._values, self._places = merged[best], places[best]

    def marks(self) -> list[Mark]:
        """What was kept, the greatest first."""
        return [Mark.unpacked(*pair) for pair in zip(self._values.tolist(), self._places.tolist(), strict=True)]


def by_name(snapshot: Snapshot, prefix: str, limit: int, after: Mark | None) -> Steps[Found]:
    """One page in the order of the key."""
    begin = START if after is None else Place(after.place.group, after.place.row + 1)
    found: list[HashtagRow] = []
    last: Place = START
    for piece in with_prefix(snapshot.stored("hashtags", None), prefix, begin):
        rows = piece.read().slice(0, limit + 1 - len(found))
        found += [HashtagRow(**row) for row in rows.to_pylist()]
        if len(found) > limit:
            return Found(found[:limit], Mark(0, last if rows.num_rows == 1 else _before_last(piece, rows.num_rows)))
        if rows.num_rows:
            last = Place(piece.group, piece.start + rows.num_rows - 1)
        yield
    return Found(found, None)


def _before_last(piece: Piece, rows: int) -> Place:
    return Place(piece.group, piece.start + rows - 2)


def by_size(
    snapshot: Snapshot, prefix: str, order: Literal["pairs", "members"], limit: int, after: Mark | None
) -> Steps[Found]:
    """One page of the hashtags with most pairs or members, equals in the order of the key."""
    run = snapshot.stored("hashtags", None)
    best = Best(limit + 1, after)
    yield from _scan(with_prefix(run, prefix), {order: best})
    marks = best.marks()
    found = yield from rows_at(run, [mark.place for mark in marks[:limit]])
    return Found(found, marks[limit - 1] if len(marks) > limit else None)


class Tops(NamedTuple):
    """The first rows of each order of size over all hashtags. complete: there are no others."""

    lists: dict[str, list[tuple[Mark, HashtagRow]]]
    complete: bool

    def page(self, order: str, limit: int, after: Mark | None) -> Found | None:
        """A page, as `by_size` would give it; None if the lists do not reach so far."""
        rows = self.lists[order]
        begin = 0
        if after is not None:
            behind = (-after.value, after.place)
            begin = sum((-mark.value, mark.place) <= behind for mark, _ in rows)
        if begin + limit >= len(rows) and not self.complete:
            return None
        page = rows[begin : begin + limit]
        return Found([row for _, row in page], page[-1][0] if begin + limit < len(rows) else None)


def tops(snapshot: Snapshot) -> Steps[Tops]:
    """Read the lists, all orders in one pass over two columns."""
    run = snapshot.stored("hashtags", None)
    best = {order: Best(KEPT) for order in ("pairs", "members")}
    yield from _scan(with_prefix(run, ""), best)
    lists = {}
    for order, kept in best.items():
        marks = kept.marks()
        rows = yield from rows_at(run, [mark.place for mark in marks])
        lists[order] = list(zip(marks, rows, strict=True))
    return Tops(lists, snapshot.manifest.counts.hashtags <= KEPT)


def _scan(pieces: Iterable[Piece], best: dict[str, Best]) -> Iterator[None]:
    for count, piece in enumerate(pieces):
        rows = piece.read(list(best))
        for column, kept in best.items():
            kept.add(rows.column(column).to_numpy(), Place(piece.group, piece.start))
        if count % _GROUPS_A_STEP == 0:
            yield


def rows_at(run: StoredTable, places: Sequence[Place]) -> Steps[list[HashtagRow]]:
    """The rows at some places, in their order; each row group is read once."""
    by_group: dict[int, list[int]] = {}
    for number, place in enumerate(places):
        by_group.setdefault(place.group, []).append(number)
    found: dict[int, HashtagRow] = {}
    group = 0
    for file in run.files:
        for index in range(len(file.bounds)):
            wanted = by_group.get(group)
            if wanted is not None:
                rows = file.read(index).take([places[number].row for number in wanted]).to_pylist()
                found |= {number: HashtagRow(**row) for number, row in zip(wanted, rows, strict=True)}
                yield
            group += 1
    return [found[number] for number in range(len(places))]

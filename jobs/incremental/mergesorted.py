"""Two tables of pairs in the order of tables.PAIRS as one, read and written piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.incremental.findpairs import first_not_before


class SortedPairs(NamedTuple):
    """n pairs, at least one. hashtag: uint32[n], the number of each one's hashtag. rows: as tables.PAIRS."""

    hashtag: npt.NDArray[np.uint32]
    rows: pa.Table

    def slice(self, start: int, end: int) -> Self:
        """Those from start to end."""
        return self._replace(hashtag=self.hashtag[start:end], rows=self.rows.slice(start, end - start))

    def places_of(self, others: SortedPairs) -> npt.NDArray[np.int64]:
        """int64[]: of each of the others, where the first pair is that does not come before it; n if all do."""
        low, high = (np.searchsorted(self.hashtag, others.hashtag, side) for side in ("left", "right"))
        return first_not_before(self.rows, low, high, others.rows)


def merge_sorted(old: Iterable[SortedPairs], new: Iterable[SortedPairs]) -> Iterator[pa.Table]:
    """All pairs in order. Either come in order, too, and no pair is there twice. Memory: a piece of each."""
    coming = iter(new)
    waiting = next(coming, None)
    for stored in old:
        rest = stored
        while waiting is not None:
            count = int(waiting.places_of(rest.slice(len(rest.hashtag) - 1, len(rest.hashtag)))[0])
            if not count:
                break
            first = waiting.slice(0, count)
            at = rest.places_of(first)
            end = int(at[-1])
            yield _inserted(rest.rows.slice(0, end), at, first.rows)
            rest = rest.slice(end, len(rest.hashtag))
            left = len(waiting.hashtag)
            waiting = waiting.slice(count, left) if count < left else next(coming, None)
        yield rest.rows
    while waiting is not None:
        yield waiting.rows
        waiting = next(coming, None)


def _inserted(rows: pa.Table, at: npt.NDArray[np.int64], others: pa.Table) -> pa.Table:
    """Rows with each of the others before the one at its place."""
    order = np.insert(np.arange(len(rows)), at, np.arange(len(others)) + len(rows))
    return pa.concat_tables([rows, others]).combine_chunks().take(pa.array(order))

"""The tables of a bucket in which identical names are groups, checked against each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.snapshots.openfiles import runs_of
from lookalike.snapshots.requirements import all_true, require
from lookalike.snapshots.stored import StoredTable
from lookalike.strings.places import StringPlaces

_BITS = np.uint64(32)

Keys = npt.NDArray[np.uint64]


class GroupSizes:
    """How many accounts of a hashtag have the name of a group's first account, in one bucket.

    Memory: the bucket's rows of tables.IDENTICAL.
    """

    def __init__(self, stored: StoredTable, hashtags: pa.StringArray) -> None:
        """Check the rows. hashtags: of the bucket, ascending. Raises SnapshotError."""
        rows = stored.read()
        self._hashtags = hashtags
        a, b = (rows.column(side).combine_chunks() for side in ("account_a", "account_b"))
        require(all_true(pc.less(a, b)), "identical: account_a >= account_b")
        hashtag = self._places(rows.column("hashtag").combine_chunks())
        accounts = pc.unique(pa.concat_arrays([a, b]))
        self._places_of, self._none = StringPlaces(accounts), len(accounts)
        one, other = (self._keys(hashtag, side) for side in (a, b))
        require(bool(np.all(np.diff(hashtag) >= 0)), "identical: rows out of order")
        same = (np.diff(hashtag) == 0) if len(hashtag) else np.zeros(0, np.bool_)
        rises = pc.or_(
            pc.less(a[:-1], a[1:]),
            pc.and_(pc.equal(a[:-1], a[1:]), pc.less(b[:-1], b[1:])),
        )
        require(all_true(pc.or_(pa.array(~same), rises)), "identical: rows out of order")
        self._others = np.unique(other)
        require(len(self._others) == len(other), "identical: an account is in two groups of a hashtag")
        self._firsts, more = np.unique(one, return_counts=True)
        self._sizes = more + 1
        is_other, _ = _find(self._firsts, self._others)
        require(not is_other.any(), "identical: an account is in two groups of a hashtag")

    def pairs_inside(self) -> npt.NDArray[np.int64]:
        """int64[hashtags]: pairs of accounts with the same name."""
        inside = np.zeros(len(self._hashtags), np.int64)
        np.add.at(inside, (self._firsts >> _BITS).astype(np.int64), self._sizes * (self._sizes - 1) // 2)
        return inside

    def pairs_meant(self, rows: pa.Table, what: str) -> npt.NDArray[np.int64]:
        """int64[hashtags]: the pairs that some rows of tables.PAIRS stand for. what: the file.

        Raises SnapshotError.
        """
        hashtag = self._places(rows.column("hashtag").combine_chunks())
        require(all_true(pc.greater(rows.column("distance"), 0)), f"{what}: identical names that are in no group")
        counts = np.ones(rows.num_rows, np.int64)
        for side in ("account_a", "account_b"):
            keys = self._keys(hashtag, rows.column(side).combine_chunks())
            is_other, _ = _find(keys, self._others)
            require(not is_other.any(), f"{what}: an account that is not the first of its name")
            is_first, place = _find(keys, self._firsts)
            counts[is_first] *= self._sizes[place[is_first]]
        meant = np.zeros(len(self._hashtags), np.int64)
        np.add.at(meant, hashtag, counts)
        return meant

    def _places(self, hashtag: pa.StringArray) -> npt.NDArray[np.int64]:
        """int64[n]: the place of each row's hashtag in the bucket."""
        keys, counts = runs_of(hashtag)
        found = pc.index_in(keys, value_set=self._hashtags)
        require(not found.null_count, "pairs and identical: a hashtag that is not in the bucket")
        return np.repeat(found.to_numpy().astype(np.int64), counts)

    def _keys(self, hashtag: npt.NDArray[np.int64], account: pa.StringArray) -> Keys:
        """uint64[n]: the hashtag above the account; of an account in no group the same number as of all such."""
        place = self._places_of.find(account)
        keys: Keys = (hashtag.astype(np.uint64) << _BITS) | np.where(place < 0, self._none, place).astype(np.uint64)
        return keys


def _find(keys: Keys, among: Keys) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Whether each key is among ascending ones, and where; of others the place says nothing."""
    place = np.searchsorted(among, keys)
    is_there = place < len(among)
    is_there[is_there] = among[place[is_there]] == keys[is_there]
    return is_there, place

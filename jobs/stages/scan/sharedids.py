"""Posts with one id: which rows repeat another, which add hashtags to it, and which contradict it."""

from __future__ import annotations

import dataclasses
from typing import Self

import numpy as np
import numpy.typing as npt

from jobs.stages.scan.posts import PLACE, PLACE_BITS, Posts
from lookalike.strings.values import HALF

Rows = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class SharedIds:
    """Rows of posts with one id, by their place among the posts.

    repeated: rows that repeat another to the letter. joined: rows that differ from another in nothing but the
    hashtags, as in a table with a row a hashtag; heads: the row that each is joined to. conflicts: of each id whose
    rows differ in other columns, too, one row of each kind. Of several rows the first by the file's path and place is
    not among the repeated or joined ones, so that every run takes the same, whatever it read before.
    """

    repeated: Rows
    joined: Rows
    heads: Rows
    conflicts: list[Rows]

    @classmethod
    def of(cls, posts: Posts, order: Rows, ranks: Rows) -> Self:
        """order: of the posts by id_hash. ranks: int64[files], the place of each file by its path."""
        id_hash = posts.id_hash
        is_shared = np.zeros(len(order), bool)
        is_shared[1:] = id_hash[order[1:]] == id_hash[order[:-1]]
        is_shared[:-1] |= is_shared[1:]
        rows = order[is_shared]
        others = posts.row_hash[rows] >> HALF
        keys = [posts.id_hash[rows], posts.id_check[rows], others, in_path_order(posts.row[rows], ranks)]
        order = np.lexsort(keys[::-1])
        rows = rows[order]
        new_id, new_kind = np.ones(len(rows), bool), np.ones(len(rows), bool)
        new_id[1:] = (np.diff(keys[0][order]) != 0) | (np.diff(keys[1][order]) != 0)
        new_kind[1:] = new_id[1:] | (np.diff(others[order]) != 0)
        repeated = _repeated(rows, np.cumsum(new_kind), posts)
        head = rows[new_kind][np.cumsum(new_kind) - 1] if len(rows) else rows
        is_joined = ~new_kind & ~repeated
        different, starts = rows[new_kind], np.flatnonzero(new_id[new_kind])
        groups = np.split(different, starts[1:]) if len(different) > len(starts) else []
        conflicts = [group for group in groups if len(group) > 1]
        return cls(rows[repeated], rows[is_joined], head[is_joined], conflicts)

    def among(self, chosen: npt.NDArray[np.bool_]) -> SharedIds:
        """Without the rows that are not chosen; bool[posts]."""
        kept = chosen[self.joined]
        conflicts = [group[chosen[group]] for group in self.conflicts]
        return dataclasses.replace(self, joined=self.joined[kept], heads=self.heads[kept], conflicts=conflicts)

    def joined_to(self, heads: Rows) -> dict[int, list[int]]:
        """Of some of the heads the rows that are joined to it."""
        found: dict[int, list[int]] = {}
        there = np.isin(self.heads, heads)
        for head, row in zip(self.heads[there].tolist(), self.joined[there].tolist(), strict=True):
            found.setdefault(head, []).append(row)
        return found


def in_path_order(row: Rows, ranks: Rows) -> Rows:
    """int64[n]: numbers that sort rows (see Posts) by the path of their file and by place. ranks: as in SharedIds."""
    return (ranks[row >> PLACE_BITS] << PLACE_BITS) | (row & PLACE)


def _repeated(rows: Rows, kind: Rows, posts: Posts) -> npt.NDArray[np.bool_]:
    """bool[len(rows)]: whether an earlier row of its kind is the same. rows: ascending by kind and then by row.

    Half a hash of the hashtags is too little to tell that no hashtag is lost, so their own hashes are added up, too.
    """
    edges = np.concatenate([np.zeros(1, np.uint64), np.cumsum(posts.spelling, dtype=np.uint64)])
    hashtags = edges[posts.offsets[rows + 1]] - edges[posts.offsets[rows]]
    order = np.lexsort((hashtags, posts.row_hash[rows], kind))
    same = np.zeros(len(rows), bool)
    same[order[1:]] = np.diff(kind[order]) == 0
    for column in (posts.row_hash[rows], hashtags):
        same[order[1:]] &= np.diff(column[order]) == 0
    return same

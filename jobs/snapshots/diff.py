"""The rows that were added, removed and changed between two snapshots, compared one part of the rows at a time.

All rows of a key are in the same part, so each part is compared on its own. Memory: the largest bucket of both
snapshots, or two row groups of hashtags. Files that both snapshots name are not read: a snapshot has a key once, so
rows in such files are the same in both.
"""

import math
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lookalike.outputs.buckets import bucket_of
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.openfiles import DataFile
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.stored import StoredTable
from lookalike.tables import TABLES

BEFORE: Final = "_before"
AFTER: Final = "_after"


@dataclass(frozen=True)
class Comparison:
    """How the rows of a table are compared. A key that is in both snapshots has changed if `watched` differs.

    order: of the examples, by these columns of `values`, the greatest first, then by the key.
    """

    table: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    order: tuple[str, ...]
    watched: str | None = None


PAIRS: Final = Comparison(
    "pairs", ("hashtag", "account_a", "account_b"), ("distance", "similarity"), ("similarity",), "distance"
)
HASHTAGS: Final = Comparison("hashtags", ("hashtag",), ("display", "posts", "members", "pairs"), ("pairs", "members"))
ACCOUNTS: Final = Comparison(
    "accounts",
    ("account_id",),
    ("screen_name", "posts", "hashtags", "lookalikes"),
    ("lookalikes", "posts"),
    "screen_name",
)


@dataclass
class Found:
    """Some rows of a comparison. count: of all; top: the first of them, as many as asked for.

    A row has the key's columns, and the values with BEFORE and AFTER appended; the side that it is not in is null.
    """

    count: int = 0
    top: list[dict[str, Any]] = field(default_factory=list)
    _kept: pa.Table | None = None

    def add(self, rows: pa.Table, order: list[tuple[str, str]], limit: int) -> None:
        """Count the rows and keep the first ones."""
        if not rows.num_rows:
            return
        self.count += rows.num_rows
        rows = rows if self._kept is None else pa.concat_tables([self._kept, rows])
        self._kept = rows.take(pc.select_k_unstable(rows, limit, sort_keys=order))
        self.top = self._kept.to_pylist()


@dataclass
class Difference:
    """The keys that only the later snapshot has, only the earlier, and both with another watched value."""

    added: Found = field(default_factory=Found)
    removed: Found = field(default_factory=Found)
    changed: Found = field(default_factory=Found)


def rows_to_compare(before: Snapshot, after: Snapshot, comparison: Comparison) -> int:
    """The rows of both tables that have to be read."""
    only_one = set(before.manifest.files) ^ set(after.manifest.files)
    return sum(entry.rows for entry in only_one if entry.table == comparison.table)


def difference(
    before: Snapshot,
    after: Snapshot,
    comparison: Comparison,
    *,
    limit: int,
    done: Callable[[int], None] = lambda _: None,
) -> Difference:
    """Compare one table; `limit` rows of each kind are kept. done: called after each part with its number of rows."""
    result = Difference()
    present = comparison.values[0]
    by_after, by_before = (_sort_keys(comparison, side) for side in (AFTER, BEFORE))
    for old, new in _meeting(before, after, comparison):
        rows = old.join(new, list(comparison.key), join_type="full outer", left_suffix=BEFORE, right_suffix=AFTER)
        in_old, in_new = (pc.is_valid(rows.column(f"{present}{side}")) for side in (BEFORE, AFTER))
        result.added.add(rows.filter(pc.invert(in_old)), by_after, limit)
        result.removed.add(rows.filter(pc.invert(in_new)), by_before, limit)
        if comparison.watched is not None:
            was, is_now = (rows.column(f"{comparison.watched}{side}") for side in (BEFORE, AFTER))
            result.changed.add(rows.filter(pc.not_equal(was, is_now)), by_after, limit)  # null where one is missing
        done(old.num_rows + new.num_rows)
    return result


def _sort_keys(comparison: Comparison, side: str) -> list[tuple[str, str]]:
    values = [(f"{name}{side}", "descending") for name in comparison.order]
    return values + [(name, "ascending") for name in comparison.key]


def _meeting(before: Snapshot, after: Snapshot, comparison: Comparison) -> Iterator[tuple[pa.Table, pa.Table]]:
    """The parts of both tables, without the files that both snapshots name."""
    shared = set(before.manifest.files) & set(after.manifest.files)
    columns = [*comparison.key, *comparison.values]
    old, new = (_Side(snapshot, comparison.table, shared, columns) for snapshot in (before, after))
    if TABLES[comparison.table].bucket is not None:
        buckets = max(before.manifest.buckets, after.manifest.buckets)
        for bucket in range(buckets):
            yield old.in_bucket(bucket, buckets), new.in_bucket(bucket, buckets)
        return
    for greatest in sorted({*old.ends, *new.ends}):
        yield old.up_to(greatest), new.up_to(greatest)


class _Side:
    """A table of one snapshot, without some of its files. ends: the greatest key of each row group, if unbucketed."""

    def __init__(self, snapshot: Snapshot, table: str, left_out: Set[FileEntry], columns: list[str]) -> None:
        self._snapshot, self._table, self._columns = snapshot, table, columns
        self._files: dict[int | None, list[FileEntry]] = {}
        for entry in snapshot.manifest.files:
            if entry.table == table and entry not in left_out:
                self._files.setdefault(entry.bucket, []).append(entry)
        self._empty = TABLES[table].part(columns).empty_table()
        self._waiting = self._empty
        self._groups = [] if TABLES[table].bucket is not None else list(self._row_groups(None))
        self._groups.reverse()
        self.ends = [file.bounds[group][1] for file, group in self._groups]

    def in_bucket(self, bucket: int, buckets: int) -> pa.Table:
        """The rows whose key is in a bucket of so many, at least as many as the snapshot has.

        A key of bucket b of n is in a bucket of the snapshot's m that is b modulo gcd(m, n).
        """
        own = self._snapshot.manifest.buckets
        step = math.gcd(own, buckets)
        pieces = [self._empty]
        for place in range(bucket % step, own, step):
            for file, group in self._row_groups(place):
                rows = file.read(group, self._columns)
                pieces.append(rows if own == buckets else _of_bucket(rows, bucket, buckets))
        return pa.concat_tables(pieces)

    def up_to(self, key: bytes) -> pa.Table:
        """The rows not yet returned whose key is at most this one."""
        while self._groups and self._groups[-1][0].bounds[self._groups[-1][1]][0] <= key:
            file, group = self._groups.pop()
            self._waiting = pa.concat_tables([self._waiting, file.read(group, self._columns)])
        keys = self._waiting.column(0).cast(pa.binary())
        head = pc.sum(pc.less_equal(keys, pa.scalar(key, pa.binary()))).as_py() or 0
        rows, self._waiting = self._waiting.slice(0, head), self._waiting.slice(head)
        return rows

    def _row_groups(self, bucket: int | None) -> Iterator[tuple[DataFile, int]]:
        for file in StoredTable(self._snapshot.output, self._table, self._files.get(bucket, [])).files:
            yield from ((file, group) for group in range(len(file.bounds)))


def _of_bucket(rows: pa.Table, bucket: int, buckets: int) -> pa.Table:
    """The rows whose key is in this bucket; each key is hashed once."""
    keys = rows.column(0).combine_chunks().dictionary_encode()
    belongs = pa.array([bucket_of(key, buckets) == bucket for key in keys.dictionary.to_pylist()], pa.bool_())
    return rows.filter(belongs.take(keys.indices))

"""The tables of a bucket, checked against each other."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.outputs.buckets import bucket_of
from lookalike.snapshots.groupedchecks import GroupSizes
from lookalike.snapshots.openfiles import runs_of
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.requirements import all_true, ascending, require
from lookalike.snapshots.stored import StoredTable


def check_bucket(snapshot: Snapshot, bucket: int, expected: pa.Table) -> None:
    """Raise SnapshotError unless a bucket's tables by hashtag agree with its rows of hashtags, `expected`."""
    _check_rows(snapshot.stored("members", bucket), expected, "members")
    lowest = snapshot.manifest.threshold.lowest_similarity
    sizes = None
    if snapshot.manifest.is_grouped:
        sizes = GroupSizes(snapshot.stored("identical", bucket), expected["hashtag"].combine_chunks())
    _check_pairs(snapshot.stored("pairs", bucket), expected, lowest, sizes)
    _check_spellings(snapshot.stored("spellings", bucket), expected)


def _check_rows(stored: StoredTable, expected: pa.Table, count: str) -> None:
    """Each key of `expected`, its first column, has as many rows as its column `count` says.

    Of a table of several generations it is checked that the bucket has so many in all, and no key fewer or more than
    its generations allow.
    """
    table, replaced = stored.table.name, sum(entry.replaces for entry in stored.entries)
    tallies = []
    for _, files in itertools.groupby(stored.files, key=lambda file: file.entry.generation):
        tally = _Tally()
        for file in files:
            for runs in file.key_runs():
                tally.add(*runs)
        tallies.append(tally)
    if len(tallies) == 1 and not replaced:
        tallies[0].check(expected, count, table)
        return
    wanted = expected.filter(pc.greater(expected.column(count), 0))
    keys, rows = wanted.column(0).combine_chunks(), wanted.column(count).to_numpy()
    counts = np.stack([tally.of(keys, table) for tally in tallies] or [np.zeros(len(keys), np.int64)])
    right = int(rows.sum()) == int(counts.sum()) - replaced
    require(
        right and bool(np.all((counts.max(0) <= rows) & (rows <= counts.sum(0)))),
        f"{table}: not as many rows as {count} says",
    )


def _check_pairs(run: StoredTable, expected: pa.Table, lowest: float, sizes: GroupSizes | None) -> None:
    """sizes: None unless rows of pairs stand for those of groups."""
    tally = _Tally()
    last = None
    meant = None if sizes is None else sizes.pairs_inside()
    for file in run.files:
        for group in range(len(file.bounds)):
            rows = file.read(group)
            if sizes is None or meant is None:
                tally.add(*runs_of(rows.column(0).combine_chunks()))
            else:
                meant += sizes.pairs_meant(rows, str(file.path))
            _check_pair_rows(rows, lowest, str(file.path))
            _check_pair_order(rows if last is None else pa.concat_tables([last, rows]), str(file.path))
            last = rows.slice(rows.num_rows - 1)
    if meant is None:
        tally.check(expected, "pairs", "pairs")
    else:
        right = np.array_equal(meant, expected["pairs"].to_numpy())
        require(bool(right), "pairs and identical: they do not stand for as many pairs as pairs says")


def _check_spellings(run: StoredTable, expected: pa.Table) -> None:
    """The spellings of each hashtag have as many posts as it has."""
    rows = run.read()
    keys, counts = runs_of(rows["hashtag"].combine_chunks())
    posts = _sums(rows["posts"].to_numpy(), counts)
    require(
        keys.equals(expected["hashtag"].combine_chunks())
        and bool(np.array_equal(posts, expected["posts"].to_numpy())),
        "spellings: their hashtags or posts are not those of the table hashtags",
    )


def check_accounts(snapshot: Snapshot, bucket: int) -> None:
    """Raise SnapshotError unless a bucket's accounts differ, belong there, and have the rows that they say."""
    accounts = snapshot.stored("accounts", bucket).read(["account_id", "hashtags", "lookalikes"])
    ids = accounts.column("account_id").combine_chunks()
    require(ascending(ids), "accounts: an account appears twice or out of order")
    for place in {0, len(ids) // 2, len(ids) - 1} if len(ids) else ():
        right = bucket_of(ids[place].as_py(), snapshot.manifest.buckets)
        require(right == bucket, f"accounts: bucket {bucket} holds one of bucket {right}")
    for table, count in (("account_hashtags", "hashtags"), ("lookalikes", "lookalikes")):
        _check_rows(snapshot.stored(table, bucket), accounts, count)


def _check_pair_rows(rows: pa.Table, lowest: float, what: str) -> None:
    require(all_true(pc.less(rows.column("account_a"), rows.column("account_b"))), f"{what}: account_a >= account_b")
    distance = rows.column("distance").to_numpy()
    similarity = rows.column("similarity").to_numpy()
    require(bool(np.all((similarity >= lowest) & (similarity <= 1))), f"{what}: a similarity below the floor")
    unlike = distance > 0
    require(
        bool(np.all(distance >= 0) and np.all((similarity < 1) == unlike)),
        f"{what}: a distance that contradicts its similarity",
    )
    distance, similarity = distance[unlike], similarity[unlike]
    longer = np.rint(distance / (1 - similarity))  # the only length that this similarity can come from
    require(
        bool(np.all((longer - distance) / longer == similarity)),
        f"{what}: a similarity that is not (m - d) / m",
    )


def _check_pair_order(rows: pa.Table, what: str) -> None:
    rows = rows.combine_chunks()
    before, after = rows.slice(0, rows.num_rows - 1), rows.slice(1)
    similarity = rows.column("similarity").to_numpy()
    same_a = pc.equal(before.column("account_a"), after.column("account_a"))
    ids_rise = pc.or_(
        pc.less(before.column("account_a"), after.column("account_a")),
        pc.and_(same_a, pc.less(before.column("account_b"), after.column("account_b"))),
    )
    rises = pc.or_(
        pa.array(similarity[:-1] > similarity[1:]),
        pc.and_(pa.array(similarity[:-1] == similarity[1:]), ids_rise),
    )
    same = pc.equal(before.column("hashtag"), after.column("hashtag"))
    require(all_true(pc.or_(pc.invert(same), rises)), f"{what}: pairs out of order")


def _sums(values: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """int64[len(counts)]: the sum of each run of so many values."""
    return np.add.reduceat(values, np.cumsum(counts) - counts) if len(counts) else counts


class _Tally:
    """Counts the rows of each key, the first column, in a sorted run."""

    def __init__(self) -> None:
        self._keys: list[pa.Array] = []
        self._rows: list[npt.NDArray[np.int64]] = []

    def add(self, keys: pa.StringArray, rows: npt.NDArray[np.int64]) -> None:
        """Runs of rows of one key, see DataFile.key_runs."""
        self._keys.append(keys)
        self._rows.append(rows)

    def check(self, expected: pa.Table, count: str, table: str) -> None:
        """The keys are those of `expected`'s first column, in its order, with as many rows as `count` says."""
        keys, rows = self._counted()
        expected = expected.filter(pc.greater(expected.column(count), 0))
        require(
            keys.equals(expected.column(0).combine_chunks())
            and bool(np.array_equal(rows, expected.column(count).to_numpy())),
            f"{table}: rows out of order, in the wrong bucket, or not as many as {count} says",
        )

    def of(self, wanted: pa.StringArray, table: str) -> npt.NDArray[np.int64]:
        """int64[len(wanted)]: the rows of each of these keys, which ascend; no others may have any."""
        keys, rows = self._counted()
        place = pc.index_in(keys, value_set=wanted)
        require(not place.null_count and ascending(keys), f"{table}: rows out of order or in the wrong bucket")
        found: npt.NDArray[np.int64] = np.zeros(len(wanted), np.int64)
        found[place.to_numpy()] = rows
        return found

    def _counted(self) -> tuple[pa.StringArray, npt.NDArray[np.int64]]:
        """Each run's key, and its rows; of a key that goes on in the next row group one run."""
        keys = pa.chunked_array(self._keys, pa.string()).combine_chunks()
        rows = np.concatenate([np.zeros(0, np.int64), *self._rows])
        differ = pc.not_equal(keys.slice(1), keys.slice(0, max(len(keys) - 1, 0)))
        begins = np.append(True, differ.to_numpy(zero_copy_only=False))[: len(keys)]
        if begins.all():
            return keys, rows
        return keys.filter(pa.array(begins)), np.add.reduceat(rows, np.flatnonzero(begins))

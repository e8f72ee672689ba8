"""The tables of a bucket, checked against each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.outputs.buckets import bucket_of
from lookalike.snapshots.openfiles import runs_of
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.requirements import all_true, ascending, require
from lookalike.snapshots.run import Run
from lookalike.tables.schemas import SPELLINGS


def check_bucket(snapshot: Snapshot, bucket: int, expected: pa.Table) -> None:
    """Raise SnapshotError unless a bucket's tables by hashtag agree with its rows of hashtags, `expected`."""
    _tally(snapshot, "members", bucket).check(expected, "members", "members")
    lowest = snapshot.manifest.threshold.lowest_similarity
    _check_pairs(snapshot.run("pairs", bucket), expected, lowest)
    if snapshot.manifest.mode is not None:  # else of a version that kept nothing for the next run
        _check_spellings(snapshot.run("spellings", bucket), expected)
        _check_places(snapshot.run("member_places", bucket), expected, snapshot.manifest.counts.accounts.used)


def _tally(snapshot: Snapshot, table: str, bucket: int) -> _Tally:
    """The rows of each key. Files of earlier snapshots were checked with these."""
    tally = _Tally()
    for file in snapshot.run(table, bucket).files:
        for runs in file.key_runs(checked=file.entry.snapshot != snapshot.manifest.id):
            tally.add(*runs)
    return tally


def _check_pairs(run: Run, expected: pa.Table, lowest: float) -> None:
    tally = _Tally()
    last = None
    for file in run.files:
        for group in range(len(file.bounds)):
            rows = file.read(group)
            tally.add(*runs_of(rows.column(0).combine_chunks()))
            _check_pair_rows(rows, lowest, str(file.path))
            _check_pair_order(rows if last is None else pa.concat_tables([last, rows]), str(file.path))
            last = rows.slice(rows.num_rows - 1)
    tally.check(expected, "pairs", "pairs")


def _check_spellings(run: Run, expected: pa.Table) -> None:
    """The spellings of each hashtag have as many posts as it has."""
    rows = run.read(SPELLINGS.names)
    keys, counts = runs_of(rows["hashtag"].combine_chunks())
    posts = _sums(rows["posts"].to_numpy(), counts)
    require(
        keys.equals(expected["hashtag"].combine_chunks())
        and bool(np.array_equal(posts, expected["posts"].to_numpy())),
        "spellings: not of the hashtags, or of more or fewer posts than these have",
    )


def _check_places(run: Run, expected: pa.Table, accounts: int) -> None:
    places = run.read(["account"])["account"].to_numpy()
    right = len(places) == int(np.sum(expected["members"].to_numpy())) and int(places.max(initial=0)) < max(
        1, accounts
    )
    require(right, "member_places: not one of an account for each member")


def check_accounts(snapshot: Snapshot, bucket: int) -> None:
    """Raise SnapshotError unless a bucket's accounts differ, belong there, and have the rows that they say."""
    accounts = snapshot.run("accounts", bucket).read(["account_id", "hashtags", "lookalikes"])
    ids = accounts.column("account_id").combine_chunks()
    require(ascending(ids), "accounts: one is there twice or out of order")
    for place in {0, len(ids) // 2, len(ids) - 1} if len(ids) else ():
        right = bucket_of(ids[place].as_py(), snapshot.manifest.buckets)
        require(right == bucket, f"accounts: bucket {bucket} holds one of bucket {right}")
    for table, count in (("account_hashtags", "hashtags"), ("lookalikes", "lookalikes")):
        _tally(snapshot, table, bucket).check(accounts, count, table)


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
        f"{what}: a similarity that is no (m - d) / m",
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
        """A run must have the keys of `expected`'s first column, in its order, with as many rows as `count` says."""
        keys = pa.chunked_array(self._keys, pa.string()).combine_chunks()
        rows = np.concatenate([np.zeros(0, np.int64), *self._rows])
        differ = pc.not_equal(keys.slice(1), keys.slice(0, max(len(keys) - 1, 0)))
        begins = np.append(True, differ.to_numpy(zero_copy_only=False))[: len(keys)]
        if not begins.all():  # a key may go on in the next row group
            rows = np.add.reduceat(rows, np.flatnonzero(begins))
            keys = keys.filter(pa.array(begins))
        expected = expected.filter(pc.greater(expected.column(count), 0))
        require(
            keys.equals(expected.column(0).combine_chunks())
            and bool(np.array_equal(rows, expected.column(count).to_numpy())),
            f"{table}: rows out of order, in the wrong bucket, or not as many as {count} says",
        )

"""The check of a snapshot before it goes live, through the reader that the service uses."""

import os
import random
from collections.abc import Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import SnapshotError
from jobs.snapshots.buckets import bucket_of
from jobs.snapshots.entries import check_file
from jobs.snapshots.layout import ACCOUNTS, HASHTAGS, PAIRS
from jobs.snapshots.reader import Run, Snapshot, lowest_similarity

# Look-ups through the reader: the hashtags with most members, those with most pairs, and some at random.
_LARGEST = 3
_RANDOM = 20
_LOOKED_AT = 1 << 20  # pairs of each, the most similar


def validate(snapshot: Snapshot) -> None:
    """Raise SnapshotError unless the snapshot is whole and agrees with itself.

    Checked in full: size, checksum, footer and schema of every file; every row of hashtags and pairs; of
    members the hashtags of all rows, and whole rows in look-ups of the largest and some random hashtags; of the
    tables by account the keys of all rows.
    """
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        check_files(snapshot, pool)
        hashtags = _read_hashtags(snapshot.run("hashtags", None))
        _check_hashtags(snapshot, hashtags)
        buckets = _by_bucket(hashtags, snapshot.manifest.buckets)
        _drain(pool.map(lambda bucket: _check_bucket(snapshot, bucket, buckets[bucket]), range(len(buckets))))
        _drain(pool.map(lambda bucket: _check_accounts(snapshot, bucket), range(len(buckets))))
        chosen = [hashtags.slice(row, 1).to_pylist()[0] for row in _chosen(snapshot.manifest.id, hashtags)]
        _drain(pool.map(lambda row: _check_look_up(snapshot, row), chosen))
    snapshot.run("rejects", None)


def check_files(snapshot: Snapshot, pool: Executor) -> None:
    """Raise SnapshotError unless every file is there with the size and checksum that the manifest says."""
    _drain(pool.map(lambda entry: check_file(snapshot.output, entry), snapshot.manifest.files))


def _read_hashtags(run: Run) -> pa.Table:
    """All of the table but the display forms."""
    columns = ["hashtag", "posts", "members", "pairs"]
    pieces = [file.read(group, columns) for file in run.files for group in range(len(file.bounds))]
    empty = pa.schema([HASHTAGS.field(name) for name in columns]).empty_table()
    return pa.concat_tables([empty, *pieces]).combine_chunks()


def _check_hashtags(snapshot: Snapshot, hashtags: pa.Table) -> None:
    posts, members, pairs = (hashtags.column(name).to_numpy() for name in ("posts", "members", "pairs"))
    _require(_ascending(hashtags.column("hashtag")), "hashtags: one is there twice or out of order")
    _require(bool(np.all(posts >= 1) and np.all(members >= 1)), "hashtags: one that nobody used")
    sharing = members * (members - 1) // 2
    _require(bool(np.all((pairs >= 0) & (pairs <= sharing))), "hashtags: more pairs than members allow")
    counts = snapshot.manifest.counts
    for what, found, expected in (
        ("members", members, counts.memberships),
        ("pairs", pairs, counts.similar_pairs),
        ("pairs that share a hashtag", sharing, counts.pairs_sharing),
    ):
        total = (int(np.sum(found >> 32)) << 32) + int(np.sum(found & 0xFFFFFFFF))  # beyond 64 bits, too
        _require(total == expected, f"hashtags: {total} {what} in all, the manifest says {expected}")


def _by_bucket(hashtags: pa.Table, buckets: int) -> list[pa.Table]:
    pieces = hashtags.select(["hashtag"]).to_batches(max_chunksize=1 << 16)  # never all as Python strings
    keys = (key for piece in pieces for key in piece.column(0).to_pylist())
    bucket = np.fromiter((bucket_of(key, buckets) for key in keys), np.int64, hashtags.num_rows)
    order = np.argsort(bucket, kind="stable")
    edges = np.searchsorted(bucket[order], np.arange(buckets + 1))
    return [
        hashtags.take(pa.array(order[start:stop]))
        for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]


def _check_bucket(snapshot: Snapshot, bucket: int, expected: pa.Table) -> None:
    _check_members(snapshot.run("members", bucket), expected)
    lowest = lowest_similarity(Fraction(snapshot.manifest.floor))
    _check_pairs(snapshot.run("pairs", bucket), expected, lowest)


def _check_members(run: Run, expected: pa.Table) -> None:
    tally = _Tally()
    for file in run.files:
        for group in range(len(file.bounds)):
            tally.add(file.read(group, ["hashtag"]))
    tally.check(expected, "members", "members")


def _check_pairs(run: Run, expected: pa.Table, lowest: float) -> None:
    tally = _Tally()
    last = None
    for file in run.files:
        for group in range(len(file.bounds)):
            rows = file.read(group)
            tally.add(rows)
            _check_pair_rows(rows, lowest, str(file.path))
            _check_pair_order(rows if last is None else pa.concat_tables([last, rows]), str(file.path))
            last = rows.slice(rows.num_rows - 1)
    tally.check(expected, "pairs", "pairs")


def _check_accounts(snapshot: Snapshot, bucket: int) -> None:
    """The accounts of a bucket are different, belong there, and have the rows that they say."""
    columns = ["account_id", "hashtags", "lookalikes"]
    run = snapshot.run("accounts", bucket)
    pieces = [file.read(group, columns) for file in run.files for group in range(len(file.bounds))]
    accounts = pa.concat_tables([pa.schema([ACCOUNTS.field(name) for name in columns]).empty_table(), *pieces])
    ids = accounts.column("account_id").combine_chunks()
    _require(_ascending(ids), "accounts: one is there twice or out of order")
    for place in {0, len(ids) // 2, len(ids) - 1} if len(ids) else ():
        right = bucket_of(ids[place].as_py(), snapshot.manifest.buckets)
        _require(right == bucket, f"accounts: bucket {bucket} holds one of bucket {right}")
    for table, count in (("account_hashtags", "hashtags"), ("lookalikes", "lookalikes")):
        tally = _Tally()
        for file in snapshot.run(table, bucket).files:
            for group in range(len(file.bounds)):
                tally.add(file.read(group, ["account_id"]))
        tally.check(accounts, count, table)


def _check_pair_rows(rows: pa.Table, lowest: float, what: str) -> None:
    _require(_all(pc.less(rows.column("account_a"), rows.column("account_b"))), f"{what}: account_a >= account_b")
    distance = rows.column("distance").to_numpy()
    similarity = rows.column("similarity").to_numpy()
    _require(bool(np.all((similarity >= lowest) & (similarity <= 1))), f"{what}: a similarity below the floor")
    unlike = distance > 0
    _require(
        bool(np.all(distance >= 0) and np.all((similarity < 1) == unlike)),
        f"{what}: a distance that contradicts its similarity",
    )
    distance, similarity = distance[unlike], similarity[unlike]
    longer = np.rint(distance / (1 - similarity))  # the only length that this similarity can come from
    _require(
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
    _require(_all(pc.or_(pc.invert(same), rises)), f"{what}: pairs out of order")


class _Tally:
    """Counts the rows of each key, the first column, in a sorted run."""

    def __init__(self) -> None:
        self._keys: list[pa.Array] = []
        self._rows: list[npt.NDArray[np.int64]] = []

    def add(self, rows: pa.Table) -> None:
        keys = rows.column(0).combine_chunks()
        changes = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
        starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
        self._keys.append(keys.take(pa.array(starts)))
        self._rows.append(np.diff(starts, append=rows.num_rows))

    def check(self, expected: pa.Table, count: str, table: str) -> None:
        """A run must have the keys of `expected`'s first column, in its order, with as many rows as `count` says."""
        keys = pa.chunked_array(self._keys, pa.string()).combine_chunks()
        rows = np.concatenate([np.zeros(0, np.int64), *self._rows])
        if len(keys):  # a key may go on in the next row group
            changes = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
            starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
            keys, rows = keys.take(pa.array(starts)), np.add.reduceat(rows, starts)
        expected = expected.filter(pc.greater(expected.column(count), 0))
        _require(
            keys.equals(expected.column(0).combine_chunks())
            and bool(np.array_equal(rows, expected.column(count).to_numpy())),
            f"{table}: rows out of order, in the wrong bucket, or not as many as {count} says",
        )


def _chosen(seed: str, hashtags: pa.Table) -> list[int]:
    total = hashtags.num_rows
    chosen = set(random.Random(seed).sample(range(total), min(_RANDOM, total)))
    for name in ("members", "pairs"):
        chosen |= set(np.argsort(hashtags.column(name).to_numpy(), kind="stable")[-_LARGEST:].tolist())
    return sorted(chosen)


def _check_look_up(snapshot: Snapshot, expected: dict[str, str | int]) -> None:
    """Memory: the ids of the hashtag's members, and _LOOKED_AT of its pairs."""
    key = str(expected["hashtag"])
    what = f"look-up of {key[:80]!r}"
    row = snapshot.hashtag(key)
    found = {} if row is None else {name: value for name, value in row._asdict().items() if name != "display"}
    _require(found == expected, f"{what}: finds {row}, not {expected}")
    ids, posts = [pa.array([], pa.string())], 0
    for members in snapshot.iter_members(key):
        _check_evidence(members, what)
        ids.append(members.column("account_id").combine_chunks())
        posts += int(members.column("posts").to_numpy().sum())
    accounts = pa.chunked_array(ids)
    _require(len(accounts) == expected["members"], f"{what}: {len(accounts)} members")
    _require(_ascending(accounts), f"{what}: members out of order")
    _require(posts == expected["posts"], f"{what}: its members have {posts} posts")
    pairs = _head(snapshot.iter_pairs(key))
    _require(pairs.num_rows == min(int(expected["pairs"]), _LOOKED_AT), f"{what}: {pairs.num_rows} pairs")
    for side in ("account_a", "account_b"):
        _require(
            _all(pc.is_in(pairs.column(side), value_set=accounts.combine_chunks())),
            f"{what}: a pair of accounts not among its members",
        )
    alike = int(np.count_nonzero(pairs.column("similarity").to_numpy() == 1))
    _require(_head(snapshot.iter_pairs(key, Fraction(1))).num_rows == alike, f"{what}: pairs at similarity 1")


def _check_evidence(members: pa.Table, what: str) -> None:
    posts, reposts = members.column("posts").to_numpy(), members.column("reposts").to_numpy()
    _require(bool(np.all((reposts >= 0) & (reposts <= posts) & (posts >= 1))), f"{what}: members' posts")
    first, last = members.column("first_post"), members.column("last_post")
    _require(_all(pc.equal(pc.is_null(first), pc.is_null(last))), f"{what}: a first post without a last")
    _require(_all(pc.less_equal(first, last)), f"{what}: a first post after the last")


def _head(pieces: Iterable[pa.Table]) -> pa.Table:
    """The first _LOOKED_AT rows."""
    found, rows = [PAIRS.empty_table()], 0
    for piece in pieces:
        found.append(piece.slice(0, _LOOKED_AT - rows))
        rows += found[-1].num_rows
        if rows == _LOOKED_AT:
            break
    return pa.concat_tables(found)


def _ascending(strings: pa.Array | pa.ChunkedArray) -> bool:
    return _all(pc.less(strings.slice(0, max(len(strings) - 1, 0)), strings.slice(1)))


def _all(flags: pa.Array | pa.ChunkedArray) -> bool:
    """Whether no flag is false; nulls say nothing."""
    return bool(pc.all(flags).as_py() in (True, None))


def _drain(results: Iterable[None]) -> None:
    """Wait for all, and raise the first error."""
    for _ in results:
        pass


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise SnapshotError(message)

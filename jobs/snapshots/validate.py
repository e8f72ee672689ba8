"""The check of a snapshot before it goes live, through the reader that the service uses."""

import os
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.snapshots.bucketchecks import check_accounts, check_bucket
from jobs.snapshots.buckets import bucket_of
from jobs.snapshots.entries import check_sizes
from jobs.snapshots.layout import HASHTAGS, PAIRS
from jobs.snapshots.reader import Run, Snapshot
from jobs.snapshots.requirements import all_true, ascending, require

# Look-ups through the reader: the hashtag with most members, that with most pairs, and some at random.
_LARGEST = 1
_RANDOM = 20
_LOOKED_AT = 1 << 20  # pairs of each, the most similar


def validate(snapshot: Snapshot) -> None:
    """Raise SnapshotError unless the snapshot is whole and agrees with itself.

    Checked in full: size, footer and schema of every file; every row of hashtags and pairs; of members the hashtags
    of all rows, and whole rows in look-ups of the largest and some random hashtags; of the tables by account the keys
    of all rows; of spellings all rows. Checksums are compared by who reads the files later: the run
    has just made them from the bytes that it wrote.
    """
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        check_sizes(snapshot.output, snapshot.manifest.files)
        hashtags = _read_hashtags(snapshot.run("hashtags", None))
        _check_hashtags(snapshot, hashtags)
        buckets = _by_bucket(hashtags, snapshot.manifest.buckets)
        _drain(pool.map(lambda bucket: check_bucket(snapshot, bucket, buckets[bucket]), range(len(buckets))))
        _drain(pool.map(lambda bucket: check_accounts(snapshot, bucket), range(len(buckets))))
        chosen = [hashtags.slice(row, 1).to_pylist()[0] for row in _chosen(snapshot.manifest.id, hashtags)]
        _drain(pool.map(lambda row: _check_look_up(snapshot, row), chosen))
    snapshot.run("rejects", None)


def _read_hashtags(run: Run) -> pa.Table:
    """All of the table but the display forms."""
    columns = ["hashtag", "posts", "members", "pairs"]
    pieces = [file.read(group, columns) for file in run.files for group in range(len(file.bounds))]
    empty = pa.schema([HASHTAGS.field(name) for name in columns]).empty_table()
    return pa.concat_tables([empty, *pieces]).combine_chunks()


def _check_hashtags(snapshot: Snapshot, hashtags: pa.Table) -> None:
    posts, members, pairs = (hashtags.column(name).to_numpy() for name in ("posts", "members", "pairs"))
    require(ascending(hashtags.column("hashtag")), "hashtags: one is there twice or out of order")
    require(bool(np.all(posts >= 1) and np.all(members >= 1)), "hashtags: one that nobody used")
    sharing = members * (members - 1) // 2
    require(bool(np.all((pairs >= 0) & (pairs <= sharing))), "hashtags: more pairs than members allow")
    counts = snapshot.manifest.counts
    for what, found, expected in (
        ("members", members, counts.memberships),
        ("pairs", pairs, counts.similar_pairs),
        ("pairs that share a hashtag", sharing, counts.pairs_sharing),
    ):
        total = (int(np.sum(found >> 32)) << 32) + int(np.sum(found & 0xFFFFFFFF))  # beyond 64 bits, too
        require(total == expected, f"hashtags: {total} {what} in all, the manifest says {expected}")


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
    require(found == expected, f"{what}: finds {row}, not {expected}")
    ids, posts = [pa.array([], pa.string())], 0
    for members in snapshot.iter_members(key):
        _check_evidence(members, what)
        ids.append(members.column("account_id").combine_chunks())
        posts += int(members.column("posts").to_numpy().sum())
    accounts = pa.chunked_array(ids)
    require(len(accounts) == expected["members"], f"{what}: {len(accounts)} members")
    require(ascending(accounts), f"{what}: members out of order")
    require(posts == expected["posts"], f"{what}: its members have {posts} posts")
    pairs = _head(snapshot.iter_pairs(key))
    require(pairs.num_rows == min(int(expected["pairs"]), _LOOKED_AT), f"{what}: {pairs.num_rows} pairs")
    for side in ("account_a", "account_b"):
        require(
            all_true(pc.is_in(pairs.column(side), value_set=accounts.combine_chunks())),
            f"{what}: a pair of accounts not among its members",
        )
    alike = int(np.count_nonzero(pairs.column("similarity").to_numpy() == 1))
    require(_head(snapshot.iter_pairs(key, Fraction(1))).num_rows == alike, f"{what}: pairs at similarity 1")


def _check_evidence(members: pa.Table, what: str) -> None:
    posts, reposts = members.column("posts").to_numpy(), members.column("reposts").to_numpy()
    require(bool(np.all((reposts >= 0) & (reposts <= posts) & (posts >= 1))), f"{what}: members' posts")
    first, last = members.column("first_post"), members.column("last_post")
    require(all_true(pc.equal(pc.is_null(first), pc.is_null(last))), f"{what}: a first post without a last")
    require(all_true(pc.less_equal(first, last)), f"{what}: a first post after the last")


def _head(pieces: Iterable[pa.Table]) -> pa.Table:
    """The first _LOOKED_AT rows."""
    found, rows = [PAIRS.empty_table()], 0
    for piece in pieces:
        found.append(piece.slice(0, _LOOKED_AT - rows))
        rows += found[-1].num_rows
        if rows == _LOOKED_AT:
            break
    return pa.concat_tables(found)


def _drain(results: Iterable[None]) -> None:
    """Wait for all, and raise the first error."""
    for _ in results:
        pass

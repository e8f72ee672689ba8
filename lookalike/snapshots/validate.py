"""The check of a snapshot before it goes live, through the reader that the service uses."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.requirements import ascending, require
from lookalike.snapshots.snapshotchecks import SnapshotChecks


def validate(snapshot: Snapshot, check_buckets: Callable[[], object] | None = None) -> None:
    """Raise SnapshotError unless the snapshot is whole and agrees with itself.

    Checked in full: size, footer and schema of every file; every row of hashtags and pairs; of members the hashtags
    of all rows, and whole rows in look-ups of the largest and some random hashtags; of the tables by account the keys
    of all rows; of spellings all rows. Checksums are compared by who reads the files later: the run
    has just made them from the bytes that it wrote.
    check_buckets: calls SnapshotChecks.check for every bucket; threads of this process do if it is None.
    """
    snapshot.output.check_sizes(snapshot.manifest.files)
    checks = SnapshotChecks(snapshot)
    _check_hashtags(snapshot, checks.hashtags)
    if check_buckets is not None:
        check_buckets()
    else:
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(checks.check, range(snapshot.manifest.buckets)))  # raises the first error
    snapshot.stored("rejects", None)


def _check_hashtags(snapshot: Snapshot, hashtags: pa.Table) -> None:
    posts, members, pairs = (hashtags.column(name).to_numpy() for name in ("posts", "members", "pairs"))
    require(ascending(hashtags.column("hashtag")), "hashtags: a hashtag appears twice or out of order")
    require(bool(np.all(posts >= 1) and np.all(members >= 1)), "hashtags: a hashtag without posts or members")
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

"""A snapshot checked bucket by bucket."""

import random

import numpy as np
import pyarrow as pa

from lookalike.snapshots.bucketchecks import check_accounts, check_bucket
from lookalike.snapshots.lookupchecks import check_look_up
from lookalike.snapshots.manybuckets import order_by_bucket
from lookalike.snapshots.reader import Snapshot

# Look-ups through the reader: the hashtag with most members, that with most pairs, and some at random.
_LARGEST = 1
_RANDOM = 20


class SnapshotChecks:
    """What a snapshot's tables are held against. hashtags: the table, all columns but the display forms.

    Memory: this table.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Read the table of hashtags."""
        self._snapshot = snapshot
        self.hashtags = snapshot.stored("hashtags", None).read(["hashtag", "posts", "members", "pairs"])
        keys = self.hashtags["hashtag"].combine_chunks()
        self._order, self._edges = order_by_bucket(keys, snapshot.manifest.buckets)
        self._chosen = _chosen(snapshot.manifest.id, self.hashtags)

    def check(self, bucket: int) -> None:
        """Raise SnapshotError unless the tables agree in a bucket, and in some look-ups of its hashtags."""
        rows = self._order[self._edges[bucket] : self._edges[bucket + 1]]
        check_bucket(self._snapshot, bucket, self.hashtags.take(pa.array(rows)))
        check_accounts(self._snapshot, bucket)
        for row in self._chosen.intersection(rows.tolist()):
            check_look_up(self._snapshot, self.hashtags.slice(row, 1).to_pylist()[0])


def _chosen(seed: str, hashtags: pa.Table) -> set[int]:
    total = hashtags.num_rows
    chosen = set(random.Random(seed).sample(range(total), min(_RANDOM, total)))
    for name in ("members", "pairs"):
        chosen |= set(np.argsort(hashtags.column(name).to_numpy(), kind="stable")[-_LARGEST:].tolist())
    return chosen

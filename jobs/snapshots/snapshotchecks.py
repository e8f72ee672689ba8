"""A snapshot checked bucket by bucket."""

import random

import numpy as np
import pyarrow as pa

from jobs.inputs.accounts import packed_strings
from jobs.snapshots.bucketchecks import check_accounts, check_bucket
from jobs.snapshots.layout import HASHTAGS
from jobs.snapshots.lookupchecks import check_look_up
from jobs.snapshots.manybuckets import buckets_of
from jobs.snapshots.reader import Run, Snapshot

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
        self.hashtags = _read_hashtags(snapshot.run("hashtags", None))
        bucket = buckets_of(*packed_strings(self.hashtags["hashtag"].combine_chunks()), snapshot.manifest.buckets)
        self._order = np.argsort(bucket, kind="stable")
        self._edges = np.searchsorted(bucket[self._order], np.arange(snapshot.manifest.buckets + 1))
        self._chosen = _chosen(snapshot.manifest.id, self.hashtags)

    def check(self, bucket: int) -> None:
        """Raise SnapshotError unless the tables agree in a bucket, and in some look-ups of its hashtags."""
        rows = self._order[self._edges[bucket] : self._edges[bucket + 1]]
        check_bucket(self._snapshot, bucket, self.hashtags.take(pa.array(rows)))
        check_accounts(self._snapshot, bucket)
        for row in self._chosen.intersection(rows.tolist()):
            check_look_up(self._snapshot, self.hashtags.slice(row, 1).to_pylist()[0])


def _read_hashtags(run: Run) -> pa.Table:
    columns = ["hashtag", "posts", "members", "pairs"]
    pieces = [file.read(group, columns) for file in run.files for group in range(len(file.bounds))]
    empty = pa.schema([HASHTAGS.field(name) for name in columns]).empty_table()
    return pa.concat_tables([empty, *pieces]).combine_chunks()


def _chosen(seed: str, hashtags: pa.Table) -> set[int]:
    total = hashtags.num_rows
    chosen = set(random.Random(seed).sample(range(total), min(_RANDOM, total)))
    for name in ("members", "pairs"):
        chosen |= set(np.argsort(hashtags.column(name).to_numpy(), kind="stable")[-_LARGEST:].tolist())
    return chosen

"""The table of hashtags, put together from the buckets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.snapshots.datafiles import FileEntry, write_table
from jobs.snapshots.layout import HASHTAGS
from jobs.snapshots.publisher import Publication
from jobs.stages.groups import Groups
from jobs.stages.reports import GroupReport, WriteReport


def write_hashtags(
    publication: Publication, groups: Sequence[GroupReport], written: Sequence[WriteReport]
) -> FileEntry:
    """Write one row a hashtag, sorted by key over all buckets. Memory: the whole table."""
    pairs_of = {report.bucket: report.counts for report in written if report.counts}
    parts = [_rows(Groups.open(publication.work, g.bucket), pairs_of.get(g.bucket, [])) for g in groups]
    table = pa.Table.from_batches(parts, schema=HASHTAGS)
    ordered = table.take(pc.sort_indices(table.column("hashtag")))
    return write_table(publication.output, publication.data_path("hashtags"), HASHTAGS, [ordered])


def _rows(groups: Groups, counts: Sequence[tuple[int, int]]) -> pa.RecordBatch:
    pairs = np.zeros(len(groups.keys), np.int64)
    for hashtag, count in counts:
        pairs[hashtag] = count
    members = np.diff(groups.starts)
    columns = [groups.keys, groups.display, *map(pa.array, (groups.posts, members, pairs))]
    return pa.RecordBatch.from_arrays(columns, schema=HASHTAGS)

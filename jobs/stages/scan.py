"""Stage 1: read a split of the posts, check every row, and send it to the task that knows its id."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.rows import read_rows
from jobs.inputs.tables import POSTS, InputFile, RowBatch, Split
from jobs.inputs.timestamps import parse_timestamps
from jobs.inputs.values import are_blank, combine_hashes, hash_values, parse_flags
from jobs.snapshots.layout import data_path
from jobs.stages.blobs import blob, report, slices_by, spelled
from jobs.stages.explode import Spellings
from jobs.stages.reports import PostsReport
from jobs.stages.worker import accounts_table

# A post on its way to the task that finds duplicates. Two ids are the same iff both hashes agree (128 bits: a
# collision is less likely than an undetected memory error). row_hash: of all other values of the row.
#   created: microseconds since 1970, NULL_TIME if there is none; was_dated: whether something stood there
#   repost, was_flagged: likewise; account: index; file, place: where the row stands
_ROWS_AT_ONCE = 1 << 19  # posts held before they are sent on
_CHUNK_BYTES = 4 << 20  # of text looked at together: 2 to 4 MiB stay in the cache between the passes over them


@dataclasses.dataclass(frozen=True)
class ScanSplits:
    """mapInArrow function: ids of splits in, posts by id partition and one report out.

    first_part: number of the rejects file of split 0.
    """

    files: tuple[InputFile, ...]
    splits: tuple[Split, ...]
    accounts: str
    partitions: int
    output: Path
    snapshot: str
    first_part: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Scan the splits whose ids come in."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from self._scan(number)

    def _scan(self, number: int) -> Iterator[pa.RecordBatch]:
        split = self.splits[number]
        file = self.files[split.file]
        counts = PostsReport()
        spellings = Spellings()
        waiting: list[pa.RecordBatch] = []
        path = data_path(self.snapshot, "rejects", part=self.first_part + number)
        with RejectLog(self.output, path) as rejects:
            for rows in read_rows(file, split.start, split.end, POSTS, chunk_bytes=_CHUNK_BYTES):
                counts.rows += len(rows) + len(rows.malformed)
                waiting.append(self._posts(split.file, rows, spellings, rejects))
                if sum(map(len, waiting)) >= _ROWS_AT_ONCE:
                    yield from self._send(waiting, spellings)
                    waiting, spellings = [], Spellings()
            yield from self._send(waiting, spellings)
            counts.take_rejects(rejects)
        yield report(counts)

    def _posts(self, file: int, rows: RowBatch, spellings: Spellings, rejects: RejectLog) -> pa.RecordBatch:
        """The usable rows; the others go to the rejects."""
        path = self.files[file].path
        for _, raw in rows.malformed:
            rejects.add(POSTS.name, path, Reason.FIELDS, raw)
        account = accounts_table(self.accounts).lookup(*rows["author_id"])
        no_id = are_blank(*rows["id"])
        usable = (account >= 0) & ~no_id
        if not usable.all():
            no_author = are_blank(*rows["author_id"])
            for i in np.flatnonzero(~usable).tolist():
                reason = Reason.NO_AUTHOR if no_author[i] else Reason.UNKNOWN_AUTHOR
                rejects.add(POSTS.name, path, Reason.NO_ID if no_id[i] else reason, rows.raw(i))
        row_hash: npt.NDArray[np.uint64] = np.zeros(len(rows), np.uint64)
        for name in POSTS.columns[1:]:
            row_hash = combine_hashes(row_hash, hash_values(*rows[name]))
        hashtags = spellings.explode(rows["hashtags"])
        posts = pa.record_batch(
            {
                "id_hash": hash_values(*rows["id"]),
                "id_check": hash_values(*rows["id"], seed=1),
                "row_hash": row_hash,
                "created": parse_timestamps(*rows["created_at"]),
                "was_dated": ~are_blank(*rows["created_at"]),
                "repost": parse_flags(*rows["is_repost"]),
                "was_flagged": ~are_blank(*rows["is_repost"]),
                "account": account.astype(np.uint32),
                "file": np.full(len(rows), file, np.uint32),
                "place": rows.place,
                "hashtags": pa.ListArray.from_arrays(hashtags.offsets, hashtags.codes),
            }
        )
        return posts if usable.all() else posts.filter(pa.array(usable))

    def _send(self, waiting: list[pa.RecordBatch], spellings: Spellings) -> Iterator[pa.RecordBatch]:
        if not waiting:
            return
        posts = pa.Table.from_batches(waiting).combine_chunks().to_batches()
        strings = spellings.strings()
        for batch in posts:
            partition_of = (batch["id_hash"].to_numpy() % np.uint64(self.partitions)).astype(np.int64)
            for partition, rows in slices_by(partition_of, self.partitions):
                yield blob("posts", partition, 0, _with_spellings(batch.take(pa.array(rows)), strings))


def _with_spellings(posts: pa.RecordBatch, strings: pa.StringArray) -> pa.RecordBatch:
    """The posts, their hashtags spelled out instead of as codes that only this task knows."""
    hashtags = posts["hashtags"]
    values = spelled(hashtags.flatten().to_numpy(), strings)
    offsets = hashtags.offsets.to_numpy()
    lists = pa.ListArray.from_arrays(offsets - offsets[0], values)
    return posts.set_column(posts.schema.get_field_index("hashtags"), "hashtags", lists)

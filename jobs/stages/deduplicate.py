"""Stage 2: of the rows with one id use one, and send its hashtags to their buckets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.hashtags import normalise
from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.rows import FetchedRow, fetch_rows
from jobs.inputs.tables import POSTS, InputFile
from jobs.inputs.timestamps import NULL_TIME
from jobs.snapshots.layout import bucket_of, data_path
from jobs.stages.blobs import REPORT, blob, report, rows_of, slices_by, spelled, unpack
from jobs.stages.reports import PostsReport


@dataclasses.dataclass(frozen=True)
class DeduplicatePosts:
    """mapInArrow function: the posts of id partitions in, usages of hashtags by bucket and reports out.

    A usage is one hashtag of one used post: hashtag (spelling), account, created, repost, and leads, 1 for the
    first hashtag of its post.
    group_tasks: buckets go to partition bucket mod group_tasks. first_part: as in ScanSplits.
    """

    files: tuple[InputFile, ...]
    partitions: int
    buckets: int
    group_tasks: int
    exclude_reposts: bool
    output: Path
    snapshot: str
    first_part: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass reports on, and resolve the posts of this task's id partition."""
        posts = []
        for kind, _, carrier in unpack(batches):
            if kind == REPORT:
                yield carrier
            else:
                posts.append(rows_of(carrier))
        if posts:
            table = pa.Table.from_batches(posts).unify_dictionaries().combine_chunks()
            del posts
            yield from self._resolve(table.to_batches()[0])

    def _resolve(self, posts: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        counts = PostsReport()
        partition = int(posts["id_hash"][0].as_py() % self.partitions)
        path = data_path(self.snapshot, "rejects", part=self.first_part + partition)
        repeated, conflicts = _repetitions(posts)
        used = np.ones(len(posts), bool)
        used[repeated] = False
        counts.duplicates = len(repeated)
        with RejectLog(self.output, path) as rejects:
            used[self._reject_all_but_latest(posts, conflicts, rejects)] = False
            counts.take_rejects(rejects)
        if self.exclude_reposts:
            reposts = used & (posts["repost"].to_numpy() == 1)
            counts.excluded_reposts = int(reposts.sum())
            used &= ~reposts
        blank = used & (np.diff(posts["hashtags"].offsets.to_numpy()) == 0)
        counts.without_hashtag = int(blank.sum())
        used &= ~blank
        counts.used = int(used.sum())
        dated, flagged = (posts[name].to_numpy(zero_copy_only=False) for name in ("was_dated", "was_flagged"))
        counts.unreadable_dates = int((used & dated & (posts["created"].to_numpy() == NULL_TIME)).sum())
        counts.unreadable_flags = int((used & flagged & (posts["repost"].to_numpy() < 0)).sum())
        yield report(counts)
        yield from self._send(posts if used.all() else posts.filter(pa.array(used)))

    def _reject_all_but_latest(
        self, posts: pa.RecordBatch, conflicts: list[npt.NDArray[np.int64]], rejects: RejectLog
    ) -> list[int]:
        """Of the different rows of one id the later, then the greater is used; returns the others."""
        if not conflicts:
            return []
        file, place, created = (posts[name].to_numpy() for name in ("file", "place", "created"))
        written = self._read_again(np.concatenate(conflicts), file, place)
        rejected = []
        for rows in conflicts:
            ranked = sorted(rows.tolist(), key=lambda row: (created[row], written[row].values))
            rejected += ranked[:-1]
        for row in sorted(rejected, key=lambda row: (file[row], place[row])):
            rejects.add(POSTS.name, self.files[file[row]].path, Reason.CONFLICT, written[row].raw)
        return rejected

    def _read_again(
        self, rows: npt.NDArray[np.int64], file: npt.NDArray[np.uint32], place: npt.NDArray[np.int64]
    ) -> dict[int, FetchedRow]:
        """The chosen rows as they stand in their files, each of which is read once."""
        found: dict[int, FetchedRow] = {}
        for number in np.unique(file[rows]).tolist():
            here = rows[file[rows] == number]
            here = here[np.argsort(place[here])]
            found.update(zip(here.tolist(), fetch_rows(self.files[number], place[here], POSTS), strict=True))
        return found

    def _send(self, posts: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The usages of the posts, by bucket."""
        if not len(posts):
            return
        hashtags = posts["hashtags"]
        values = hashtags.flatten()
        offsets = hashtags.offsets.to_numpy()
        repeat = np.repeat(np.arange(len(posts)), np.diff(offsets))
        leads = np.zeros(len(values), np.int8)
        leads[offsets[:-1] - offsets[0]] = 1
        code = values.indices.to_numpy()
        account, created, repost = (posts[name].to_numpy()[repeat] for name in ("account", "created", "repost"))
        spellings = values.dictionary
        buckets = [bucket_of(normalise(spelling), self.buckets) for spelling in spellings.to_pylist()]
        for bucket, rows in slices_by(np.array(buckets, np.int64)[code], self.buckets):
            usages = pa.record_batch(
                {
                    "hashtag": spelled(code[rows], spellings),
                    "account": account[rows],
                    "created": created[rows],
                    "repost": repost[rows],
                    "leads": leads[rows],
                }
            )
            yield blob("usages", bucket % self.group_tasks, bucket, usages)


def _repetitions(posts: pa.RecordBatch) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.int64]]]:
    """Rows that repeat another to the letter, and for each id the rows, if several, that differ.

    Of equal rows the first by file and place is not among the repeated ones, so that every run takes the same.
    """
    id_hash = posts["id_hash"].to_numpy()
    order = np.argsort(id_hash)
    is_shared = np.zeros(len(order), bool)
    is_shared[1:] = id_hash[order[1:]] == id_hash[order[:-1]]
    is_shared[:-1] |= is_shared[1:]
    rows = order[is_shared]
    keys = [posts[name].to_numpy()[rows] for name in ("id_hash", "id_check", "row_hash", "file", "place")]
    order = np.lexsort(keys[::-1])
    rows = rows[order]
    id_changes, row_changes = np.ones(len(rows), bool), np.ones(len(rows), bool)
    id_changes[1:] = (np.diff(keys[0][order]) != 0) | (np.diff(keys[1][order]) != 0)
    row_changes[1:] = id_changes[1:] | (np.diff(keys[2][order]) != 0)
    different, starts = rows[row_changes], np.flatnonzero(id_changes[row_changes])
    groups = np.split(different, starts[1:]) if len(different) > len(starts) else []
    return rows[~row_changes], [group for group in groups if len(group) > 1]

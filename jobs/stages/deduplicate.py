"""Stage 2: of the rows with one id use one, and send its hashtags to their buckets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.rows import FetchedRow, fetch_rows
from jobs.inputs.tables import POSTS, InputFile
from jobs.inputs.timestamps import NULL_TIME
from jobs.snapshots.layout import data_path
from jobs.stages import channels
from jobs.stages.exchange import Outbox
from jobs.stages.parts import parts_of
from jobs.stages.posts import Posts
from jobs.stages.reports import PostsReport


@dataclasses.dataclass(frozen=True)
class DeduplicatePosts:
    """Task function: id partitions in, reports out; usages of hashtags sent to their buckets.

    splits: that have sent posts. first_part: as in ScanSplits.
    """

    files: tuple[InputFile, ...]
    splits: int
    partitions: int
    buckets: int
    exclude_reposts: bool
    output: Path
    work: Path
    snapshot: str
    first_part: int

    def __call__(self, partitions: Iterable[int]) -> Iterator[PostsReport]:
        """Resolve the posts of the id partitions that come in."""
        for partition in partitions:
            sent = channels.posts(self.work).receive(partition, range(self.splits))
            if sent.num_rows:
                yield self._resolve(partition, Posts.concatenate(list(map(Posts.from_rows, sent.to_batches()))))

    def _resolve(self, partition: int, posts: Posts) -> PostsReport:
        counts = PostsReport(partitions=[partition])
        path = data_path(self.snapshot, "rejects", part=self.first_part + partition)
        repeated, conflicts = _repetitions(posts)
        used = np.ones(len(posts), bool)
        used[repeated] = False
        counts.duplicates = len(repeated)
        with RejectLog(self.output, path) as rejects:
            used[self._reject_all_but_latest(posts, conflicts, rejects)] = False
            counts.take_rejects(rejects)
        if self.exclude_reposts:
            reposts = used & (posts.repost == 1)
            counts.excluded_reposts = int(reposts.sum())
            used &= ~reposts
        blank = used & (np.diff(posts.offsets) == 0)
        counts.without_hashtag = int(blank.sum())
        used &= ~blank
        counts.used = int(used.sum())
        counts.unreadable_dates = int((used & posts.was_dated & (posts.created == NULL_TIME)).sum())
        counts.unreadable_flags = int((used & posts.was_flagged & (posts.repost < 0)).sum())
        with channels.usages(self.work).source(partition) as box:
            self._send(posts, used, box)
        return counts

    def _reject_all_but_latest(
        self, posts: Posts, conflicts: list[npt.NDArray[np.int64]], rejects: RejectLog
    ) -> list[int]:
        """Of the different rows of one id the later, then the greater is used; returns the others."""
        if not conflicts:
            return []
        file, place, created = posts.file, posts.place, posts.created
        written = self._read_again(np.concatenate(conflicts), file, place)
        rejected = []
        for rows in conflicts:
            ranked = sorted(rows.tolist(), key=lambda row: (created[row], written[row].values))
            rejected += ranked[:-1]
        for row in sorted(rejected, key=lambda row: (file[row], place[row])):
            rejects.add(POSTS.name, self.files[file[row]].path, Reason.CONFLICT, written[row].raw)
        return rejected

    def _read_again(
        self, rows: npt.NDArray[np.int64], file: npt.NDArray[np.int64], place: npt.NDArray[np.int64]
    ) -> dict[int, FetchedRow]:
        """The chosen rows as they stand in their files, each of which is read once."""
        found: dict[int, FetchedRow] = {}
        for number in np.unique(file[rows]).tolist():
            here = rows[file[rows] == number]
            here = here[np.argsort(place[here])]
            found.update(zip(here.tolist(), fetch_rows(self.files[number], place[here], POSTS), strict=True))
        return found

    def _send(self, posts: Posts, used: npt.NDArray[np.bool_], box: Outbox) -> None:
        """The usages of the posts that are used, by bucket."""
        leads = np.zeros(len(posts.spelling) + 1, np.int8)
        leads[posts.offsets[:-1]] = 1  # a post without hashtags has no usage, what is marked leads anyway
        post = np.repeat(np.arange(len(posts)), np.diff(posts.offsets))
        chosen = np.flatnonzero(used[post])
        order, parts = parts_of(posts.bucket[chosen], self.buckets)
        chosen = chosen[order]
        post = post[chosen]
        usages = pa.record_batch(
            {
                "spelling": posts.spelling[chosen],
                "account": posts.account[post],
                "created": posts.created[post],
                "repost": posts.repost[post],
                "leads": leads[chosen],
            }
        )
        for bucket, start, end in parts:
            box.send(bucket, usages.slice(start, end - start))


def _repetitions(posts: Posts) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.int64]]]:
    """Rows that repeat another to the letter, and for each id the rows, if several, that differ.

    Of equal rows the first by file and place is not among the repeated ones, so that every run takes the same.
    """
    id_hash = posts.id_hash
    order = np.argsort(id_hash)
    is_shared = np.zeros(len(order), bool)
    is_shared[1:] = id_hash[order[1:]] == id_hash[order[:-1]]
    is_shared[:-1] |= is_shared[1:]
    rows = order[is_shared]
    keys = [column[rows] for column in (id_hash, posts.id_check, posts.row_hash, posts.row)]
    order = np.lexsort(keys[::-1])
    rows = rows[order]
    id_changes, row_changes = np.ones(len(rows), bool), np.ones(len(rows), bool)
    id_changes[1:] = (np.diff(keys[0][order]) != 0) | (np.diff(keys[1][order]) != 0)
    row_changes[1:] = id_changes[1:] | (np.diff(keys[2][order]) != 0)
    different, starts = rows[row_changes], np.flatnonzero(id_changes[row_changes])
    groups = np.split(different, starts[1:]) if len(different) > len(starts) else []
    return rows[~row_changes], [group for group in groups if len(group) > 1]

"""Stage 2: of the rows with one id use one, and send its hashtags to their buckets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.exchange import Outbox
from jobs.exchange.parts import parts_of
from jobs.exchange.reports import PostsReport
from jobs.exchange.worker import open_snapshot
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.tables import POSTS, InputFile
from jobs.stages.scan.conflicts import ConflictingRows
from jobs.stages.scan.postindex import PostIndex
from jobs.stages.scan.posts import Posts, hashes_of
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path


@dataclasses.dataclass(frozen=True)
class DeduplicatePosts:
    """Task function: id partitions in, reports out; usages of hashtags sent to their buckets.

    splits: that have sent posts. first_part: as in ScanSplits. base: the snapshot whose posts are known already, None
    for none; rewrite: whether its index is written again with the new posts in it. index: False to write none.
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
    base: str | None = None
    rewrite: bool = False
    index: bool = True

    def __call__(self, partitions: Iterable[int]) -> Iterator[PostsReport]:
        """Resolve the posts of the id partitions that come in."""
        for partition in partitions:
            sent = channels.posts(self.work).receive(partition, range(self.splits))
            if sent.num_rows:
                posts = Posts.concatenate(list(map(Posts.from_rows, sent.to_batches())))
                yield self._resolve(partition, posts, self._known(partition, posts))
            elif self.rewrite:
                yield PostsReport(files=self._write_index(partition, self._known(partition)))

    def _known(self, partition: int, posts: Posts | None = None) -> PostIndex:
        """What the base knows of the posts; all that it knows in the partition, if that is written again."""
        if self.base is None:
            return PostIndex.joined([])
        base, hashes = open_snapshot(self.output, self.base), hashes_of(partition, self.partitions)
        return PostIndex.read(base, *hashes, None if posts is None or self.rewrite else posts.id_hash)

    def _resolve(self, partition: int, posts: Posts, known: PostIndex) -> PostsReport:
        counts = PostsReport(partitions=[partition])
        path = data_path(self.snapshot, "rejects", part=self.first_part + partition)
        order = np.argsort(posts.id_hash)
        repeated, conflicts = _repetitions(posts, order)
        first = np.ones(len(posts), bool)  # of all equal rows
        first[repeated] = False
        earlier, row = known.find(posts)
        first[earlier[known.row_hash[row] == posts.row_hash[earlier]]] = False
        rival = first[earlier] & known.kept[row]
        counts.duplicates = len(posts) - int(first.sum())
        kept = first.copy()
        with RejectLog(self.output, path) as rejects:
            groups = [group[first[group]] for group in conflicts]
            rivals = dict(zip(earlier[rival].tolist(), known.row[row[rival]].tolist(), strict=True))
            kept[self._reject_all_but_one(posts.row, groups, rivals, rejects, counts)] = False
            counts.take_rejects(rejects)
        if self.index:
            index = PostIndex.of(posts, order[first[order]], kept)
            counts.files += self._write_index(partition, PostIndex.joined([known, index]) if self.rewrite else index)
        used = kept
        if self.exclude_reposts:
            reposts = used & (posts.repost == 1)
            counts.excluded_reposts = int(reposts.sum())
            used &= ~reposts
        blank = used & (np.diff(posts.offsets) == 0)
        counts.without_hashtag = int(blank.sum())
        used &= ~blank
        counts.used = int(used.sum())
        counts.unreadable_dates = int((used & posts.was_dated & (posts.created_at == NULL_TIME)).sum())
        counts.unreadable_flags = int((used & posts.was_flagged & (posts.repost < 0)).sum())
        channel = channels.usages(self.work)
        with channel.source(partition) as box:
            self._send(posts, used, box, channel.schema.names)
        return counts

    def _write_index(self, partition: int, index: PostIndex) -> list[FileEntry]:
        if not len(index):
            return []
        return [index.write(self.output, data_path(self.snapshot, "post_index", part=partition))]

    def _reject_all_but_one(
        self,
        row: npt.NDArray[np.int64],
        groups: Sequence[npt.NDArray[np.int64]],
        rivals: dict[int, int],
        rejects: RejectLog,
        counts: PostsReport,
    ) -> list[int]:
        """Of the different rows of one id one is used; returns the others, by their place among the posts.

        rivals: by place the row that an earlier run used. Should another have been, the counts say so.
        """
        groups = [group for group in groups if len(group) > 1 and int(group[0]) not in rivals]
        if not groups and not rivals:
            return []
        places = np.concatenate([*groups, np.array(list(rivals), np.int64)])
        rows = ConflictingRows(self.files, np.concatenate([row[places], np.array(list(rivals.values()), np.int64)]))
        rejected = [place for place, rival in rivals.items() if rows.rank(int(row[place])) < rows.rank(rival)]
        counts.superseded = len(rivals) - len(rejected)
        for group in groups:
            rejected += sorted(group.tolist(), key=lambda place: rows.rank(int(row[place])))[:-1]
        for number in sorted(int(row[place]) for place in rejected):
            rejects.add(POSTS.name, rows.path(number), Reason.CONFLICT, rows.raw(number))
        return rejected

    def _send(self, posts: Posts, used: npt.NDArray[np.bool_], box: Outbox, names: Sequence[str]) -> None:
        """The usages of the posts that are used, by bucket. names: of the columns of a usage."""
        leads = np.zeros(len(posts.spelling) + 1, np.int8)
        leads[posts.offsets[:-1]] = 1  # a post without hashtags has no usage, what is marked leads anyway
        post = np.repeat(np.arange(len(posts)), np.diff(posts.offsets))
        chosen = np.flatnonzero(used[post])
        order, parts = parts_of(posts.bucket[chosen], self.buckets)
        chosen = chosen[order]
        post = post[chosen]
        columns = {"spelling": posts.spelling[chosen], "leads": leads[chosen]}
        usages = pa.record_batch(
            {name: columns[name] if name in columns else getattr(posts, name)[post] for name in names}
        )
        for bucket, start, end in parts:
            box.send(bucket, usages.slice(start, end - start))


def _repetitions(
    posts: Posts, order: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.int64]]]:
    """Rows that repeat another to the letter, and for each id the rows, if several, that differ.

    order: of the posts by id_hash. Of equal rows the first by file and place is not among the repeated ones, so that
    every run takes the same.
    """
    id_hash = posts.id_hash
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

"""Stage 2: of the rows with one id use one, and send its hashtags to their buckets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.channels import BEGINS, JOINED, LEADS
from jobs.exchange.exchange import Outbox
from jobs.exchange.parts import parts_of
from jobs.exchange.reports import PostsReport
from jobs.exchange.stage import Route, Stage
from jobs.exchange.worker import open_snapshot
from jobs.exchange.workplace import WorkPlace
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.tables import POSTS, InputFile
from jobs.stages.scan.conflicts import ConflictingRows
from jobs.stages.scan.postindex import PostIndex
from jobs.stages.scan.posts import PLACE_BITS, Posts, hashes_of
from jobs.stages.scan.sharedids import SharedIds, in_path_order
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.strings.values import HALF


@dataclasses.dataclass(frozen=True)
class DeduplicatePosts(Stage[PostsReport]):
    """Task function: id partitions in, reports out; usages of hashtags sent to their buckets.

    splits: that have sent posts. first_part: as in ScanSplits. base: the snapshot whose posts are known already, None
    for none; rewrite: whether its index is written again with the new posts in it. index: False to write none.
    """

    files: tuple[InputFile, ...]
    splits: int
    partitions: int
    buckets: int
    exclude_reposts: bool
    output: OutputPlace
    work: WorkPlace
    snapshot: str
    first_part: int
    base: str | None = None
    rewrite: bool = False
    index: bool = True

    sends = ("usages",)

    @property
    def receives(self) -> tuple[Route, ...]:
        """Each partition its posts."""
        return (Route("posts", parts=self.partitions),)

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
        ranks = self._ranks()
        shared = SharedIds.of(posts, order, ranks)
        first = np.ones(len(posts), bool)  # of all equal rows
        first[shared.repeated] = False
        earlier, row = known.find(posts)
        again = known.row_hash[row] == posts.row_hash[earlier]
        first[earlier[again]] = False
        moved = in_path_order(posts.row[earlier], ranks) < in_path_order(known.row[row], ranks)
        counts.renamed = int(known.rejected(row[again & moved]).sum())
        rival = first[earlier] & known.kept[row]
        adds = rival & (known.row_hash[row] >> HALF == posts.row_hash[earlier] >> HALF)
        unread = np.array([file.unread for file in self.files], bool)
        adds |= rival & unread[known.row[row] >> PLACE_BITS]  # nothing can be compared with it
        counts.superseded = int(adds.sum())
        rival &= ~adds
        counts.duplicates = len(posts) - int(first.sum())
        kept = first.copy()
        kept[shared.joined] = False
        with RejectLog(self.output, path) as rejects:
            rivals = dict(zip(earlier[rival].tolist(), known.row[row[rival]].tolist(), strict=True))
            shared = shared.among(first)
            rejected = self._reject_all_but_one(posts.row, shared, rivals, rejects, counts)
            kept[rejected] = False
            counts.take_rejects(rejects)
        counts.joined = len(shared.joined) - int(np.isin(shared.joined, rejected).sum())
        if len(shared.joined):
            posts = posts.join(shared.joined, shared.heads)
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
            self._send(posts, used, shared.heads, box, channel.schema.names)
        return counts

    def _ranks(self) -> npt.NDArray[np.int64]:
        """int64[files]: the place of each by its path."""
        ranks = np.empty(len(self.files), np.int64)
        ranks[sorted(range(len(self.files)), key=lambda number: self.files[number].path)] = np.arange(len(self.files))
        return ranks

    def _write_index(self, partition: int, index: PostIndex) -> list[FileEntry]:
        if not len(index):
            return []
        return [index.write(self.output, data_path(self.snapshot, "post_index", part=partition))]

    def _reject_all_but_one(
        self,
        row: npt.NDArray[np.int64],
        shared: SharedIds,
        rivals: dict[int, int],
        rejects: RejectLog,
        counts: PostsReport,
    ) -> list[int]:
        """Of the different rows of one id one is used; returns the others, by their place among the posts.

        rivals: by place the row that an earlier run used. Should another have been, the counts say so.
        """
        groups = [group for group in shared.conflicts if len(group) > 1 and int(group[0]) not in rivals]
        if not groups and not rivals:
            return []
        places = np.concatenate([*groups, np.array(list(rivals), np.int64)])
        joined = shared.joined_to(places)
        others = np.array([one for rows in joined.values() for one in rows], np.int64)
        known = np.array(list(rivals.values()), np.int64)
        rows = ConflictingRows(self.files, np.concatenate([row[places], row[others], known]))
        rejected = [place for place, rival in rivals.items() if rows.rank(int(row[place])) < rows.rank(rival)]
        counts.superseded += len(rivals) - len(rejected)
        for group in groups:
            rejected += sorted(group.tolist(), key=lambda place: rows.rank(int(row[place])))[:-1]
        rejected += [one for head in rejected for one in joined.get(head, ())]
        for number in sorted(int(row[place]) for place in rejected):
            rejects.add(POSTS.name, rows.path(number), Reason.CONFLICT, rows.raw(number))
        return rejected

    def _send(
        self,
        posts: Posts,
        used: npt.NDArray[np.bool_],
        joined: npt.NDArray[np.int64],
        box: Outbox,
        names: Sequence[str],
    ) -> None:
        """The usages of the posts that are used, by bucket. joined: posts of several rows. names: of the columns."""
        leads = np.zeros(len(posts.spelling) + 1, np.int8)
        leads[posts.offsets[:-1]] = LEADS  # a post without hashtags has no usage, what is marked leads anyway
        post = np.repeat(np.arange(len(posts)), np.diff(posts.offsets))
        chosen = np.flatnonzero(used[post])
        order, parts = parts_of(posts.bucket[chosen], self.buckets)
        chosen = chosen[order]
        post = post[chosen]
        leads = leads[chosen]
        if len(joined):
            leads |= _marks(post, posts.bucket[chosen], joined, len(posts))
        columns = {"spelling": posts.spelling[chosen], "leads": leads}
        usages = pa.record_batch(
            {name: columns[name] if name in columns else getattr(posts, name)[post] for name in names}
        )
        for bucket, start, end in parts:
            box.send(bucket, usages.slice(start, end - start))


def _marks(
    post: npt.NDArray[np.int64], bucket: npt.NDArray[np.uint16], joined: npt.NDArray[np.int64], posts: int
) -> npt.NDArray[np.int8]:
    """int8[n]: JOINED and BEGINS of usages, by the post and the bucket of each."""
    is_joined = np.zeros(posts, np.bool_)
    is_joined[joined] = True
    begins = np.ones(len(post), np.bool_)
    begins[1:] = (np.diff(post) != 0) | (bucket[1:] != bucket[:-1])
    return np.where(is_joined[post], JOINED + BEGINS * begins, 0).astype(np.int8)

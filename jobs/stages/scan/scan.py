"""Stage 1: read a split of the posts, check every row, and send it to the task that knows its id."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from jobs.exchange import channels
from jobs.exchange.exchange import Outbox
from jobs.exchange.parts import parts_of, send_to_parts
from jobs.exchange.reports import Authors, Border, PostsReport
from jobs.exchange.stage import Stage
from jobs.exchange.worker import accounts_table
from jobs.exchange.workplace import WorkFile, WorkPlace
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.rejects import EXAMPLES, Reason, RejectLog
from jobs.inputs.rows import fetch_batches, read_rows
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.suspects import Suspects
from jobs.inputs.tables import HASHTAGS, POSTS, Column, InputFile, Part, RowBatch, Split
from jobs.inputs.text.evidence import Evidence
from jobs.stages.scan.borders import shares_quoted_file
from jobs.stages.scan.explode import Spellings
from jobs.stages.scan.posts import PLACE, PLACE_BITS, Posts, partition_of
from jobs.stages.scan.unknownposts import UnknownPosts
from lookalike.outputs.layout import data_path
from lookalike.outputs.urls import OutputPlace
from lookalike.strings.values import (
    HALF,
    UNKNOWN_FLAG,
    are_blank,
    combine_hashes,
    first_half_of,
    hash_values,
    parse_flags,
)

_ROWS_AT_ONCE = 1 << 19  # posts held before they are sent on ...
_SPELLED_AT_ONCE = 1 << 28  # ... and bytes of hashtags
_SAMPLED = 100  # ids of posts and authors that are looked at
_CHUNK_BYTES = 4 << 20  # of text looked at together: 2 to 4 MiB stay in the cache between the passes over them


@dataclasses.dataclass(frozen=True)
class ScanSplits(Stage[PostsReport]):
    """Task function: ids of splits in, a report of each out; posts and spellings of hashtags sent.

    ignored: keys of hashtags that are left out. seed: see Spellings. first_part: number of the rejects file of
    split 0.
    """

    files: tuple[InputFile, ...]
    splits: tuple[Split, ...]
    accounts: WorkFile
    partitions: int
    buckets: int
    ignored: frozenset[str]
    seed: int
    output: OutputPlace
    work: WorkPlace
    snapshot: str
    first_part: int

    sends = ("posts", "spellings")

    def __call__(self, numbers: Iterable[int]) -> Iterator[PostsReport]:
        """Scan the splits whose ids come in."""
        return map(self._scan, numbers)

    def _scan(self, number: int) -> PostsReport:
        split = self.splits[number]
        file = self.files[split.file]
        counts = PostsReport()
        spellings = self._no_spellings()
        waiting: list[Posts] = []
        unknown = UnknownPosts()
        path = data_path(self.snapshot, "rejects", part=self.first_part + number)
        with (
            RejectLog(self.output, path) as rejects,
            channels.posts(self.work).source(number) as posts,
            channels.spellings(self.work).source(number) as spelled,
        ):
            borders: list[int] = []
            for rows in _batches(file, split, borders):
                counts.rows += len(rows) + len(rows.malformed)
                counts.quotes += Evidence.of(rows, file.dialect.quoting)
                posts_read = self._posts(split.file, rows, spellings, rejects, unknown)
                _show_unreadable(rows, posts_read, counts)
                if not counts.ids:
                    first = np.arange(min(_SAMPLED, len(rows)))
                    counts.ids = rows["id"].take(first).texts()
                    counts.author_ids = rows["author_id"].take(first).texts()
                waiting.append(posts_read)
                if sum(map(len, waiting)) >= _ROWS_AT_ONCE or len(spellings) >= _SPELLED_AT_ONCE:
                    self._send(waiting, spellings, posts, spelled)
                    counts.suspects += _suspects(spellings, file)
                    waiting, spellings = [], self._no_spellings()
            self._send(waiting, spellings, posts, spelled)
            counts.suspects += _suspects(spellings, file)
            counts.take_rejects(rejects)
        if shares_quoted_file(self.files, split):
            counts.borders.append(Border(number, *borders))
        counts.authors[split.file] = Authors(counts.rows, len(unknown), unknown.example)
        counts.files += unknown.write(self.output, data_path(self.snapshot, "unknown_posts", part=number))
        return counts

    def _no_spellings(self) -> Spellings:
        return Spellings(buckets=self.buckets, seed=self.seed, ignored=self.ignored)

    def _posts(
        self, file: int, rows: RowBatch, spellings: Spellings, rejects: RejectLog, unknown: UnknownPosts
    ) -> Posts:
        """The usable rows; the others go to the rejects, those of unknown authors are noted as well."""
        path = self.files[file].path
        for _, raw in rows.malformed:
            rejects.add(POSTS.name, path, Reason.FIELDS, raw)
        account = accounts_table(self.accounts).lookup(*rows["author_id"])
        row = rows.place | (file << PLACE_BITS)
        no_id = are_blank(*rows["id"])
        hashtags = spellings.explode(rows[HASHTAGS], SEPARATORS[self.files[file].separator or "bar"])
        long = hashtags.too_long
        usable = (account >= 0) & ~no_id & ~long
        if not usable.all():
            no_author = are_blank(*rows["author_id"])
            for i in np.flatnonzero(~usable).tolist():
                of_author = Reason.NO_AUTHOR if no_author[i] else Reason.UNKNOWN_AUTHOR
                reason = Reason.NO_ID if no_id[i] else Reason.LONG_HASHTAG if long[i] else of_author
                rejects.add(POSTS.name, path, reason, rows.raw(i))
            unknown.add(rows["author_id"], row, np.flatnonzero(~usable & ~no_id & ~no_author & ~long))
        others: npt.NDArray[np.uint64] = np.zeros(len(rows), np.uint64)
        for name in POSTS.columns[1:]:
            if name != HASHTAGS:
                others = combine_hashes(others, hash_values(*rows[name]))
        posts = Posts(
            id_hash=hash_values(*rows["id"]),
            id_check=hash_values(*rows["id"], seed=1),
            row_hash=first_half_of(others) | (hash_values(*rows[HASHTAGS]) >> HALF),
            created_at=parse_timestamps(*rows["created_at"], day_first=self.files[file].day_first),
            was_dated=~are_blank(*rows["created_at"]),
            repost=parse_flags(*rows["is_repost"]),
            was_flagged=~are_blank(*rows["is_repost"]),
            account=account.astype(np.uint32),
            row=row,
            offsets=hashtags.offsets,
            spelling=hashtags.spelling,
            bucket=hashtags.bucket,
        )
        return posts if usable.all() else posts.take(np.flatnonzero(usable))

    def _send(self, waiting: list[Posts], spellings: Spellings, posts: Outbox, spelled: Outbox) -> None:
        if not waiting:
            return
        found = Posts.concatenate(waiting)
        order, parts = parts_of(partition_of(found.id_hash, self.partitions), self.partitions)
        ordered = found.take(order)
        for partition, start, end in parts:
            posts.send(partition, ordered.slice(start, end).to_rows())
        dictionary = spellings.dictionary()
        rows = dictionary.select(["hash", "spelling", "key"])
        send_to_parts(spelled, rows, dictionary["bucket"].to_numpy(), self.buckets)


def _suspects(spellings: Spellings, file: InputFile) -> Suspects:
    """In a real list a space is part of a hashtag."""
    return spellings.suspects.without("space") if file.has_lists else spellings.suspects


def _show_unreadable(rows: RowBatch, posts: Posts, counts: PostsReport) -> None:
    """Keep examples of dates and flags that cannot be read."""
    counts.odd_dates += _examples(rows["created_at"], rows, posts, (posts.created_at == NULL_TIME) & posts.was_dated)
    counts.odd_flags += _examples(rows["is_repost"], rows, posts, (posts.repost == UNKNOWN_FLAG) & posts.was_flagged)
    del counts.odd_dates[EXAMPLES:], counts.odd_flags[EXAMPLES:]


def _examples(column: Column, rows: RowBatch, posts: Posts, odd: npt.NDArray[np.bool_]) -> list[str]:
    if not odd.any():
        return []
    chosen = posts.row[np.flatnonzero(odd)[:EXAMPLES]] & PLACE
    return column.take(np.searchsorted(rows.place, chosen)).texts()


def _batches(file: InputFile, split: Split, borders: list[int]) -> Iterator[RowBatch]:
    if split.places is not None:
        return fetch_batches(file, split.places, POSTS)
    part = Part(split.start, split.end, _CHUNK_BYTES, split.inside, borders)
    return read_rows(file, POSTS, part)

"""What a task knows of the snapshot that an incremental run builds on, the base."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.worker import open_snapshot
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.manybuckets import order_by_bucket
from lookalike.snapshots.origin import check_origin
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.stored import StoredTable


@dataclasses.dataclass(frozen=True)
class Base:
    """The base's tables, read a bucket at a time. Sent to tasks as its place: output and id."""

    output: OutputPlace
    snapshot: str

    def stored(self, table: str, bucket: int | None) -> StoredTable:
        """The files of a table in a bucket."""
        return self._open().stored(table, bucket)

    def entries(self, table: str, bucket: int | None) -> list[FileEntry]:
        """The same as the manifest lists them; they are not read."""
        return self._open().entries(table, bucket)

    def named(self, table: str, bucket: int | None) -> list[FileEntry]:
        """The same, for the new snapshot to name where nothing changes.

        Raises SnapshotError if one is damaged, or is not what the manifest says.
        """
        snapshot, entries = self._open(), self.entries(table, bucket)
        for entry in entries:
            snapshot.output.check_file(entry)
        snapshot.stored(table, bucket)  # reads the footers; a wrong one would end the run when it publishes
        return entries

    def read(self, table: str, bucket: int | None, columns: Sequence[str] | None = None) -> pa.Table:
        """Some columns of a table in a bucket, all stored rows; None for all columns."""
        return self.stored(table, bucket).read(columns)

    def tables(self, entries: Sequence[FileEntry]) -> Iterator[pa.Table]:
        """All rows of some files that are not in buckets, a row group at a time."""
        for file in self.stored(entries[0].table, None).files if entries else []:
            if file.entry in entries:
                for group in range(len(file.group_rows())):
                    yield file.read(group)

    @property
    def buckets(self) -> int:
        """Buckets of the tables."""
        return self._open().manifest.buckets

    def hashtags(self, bucket: int) -> BaseHashtags:
        """The hashtags of a bucket."""
        hashtags, edges = _hashtags_by_bucket(self)
        return hashtags.slice(int(edges[bucket]), int(edges[bucket + 1]))

    def check(self) -> None:
        """Raise SnapshotError unless all files are there, and the manifest says what one of them repeats."""
        snapshot = self._open()
        snapshot.output.check_sizes(snapshot.manifest.files)
        check_origin(snapshot)

    def _open(self) -> Snapshot:
        return open_snapshot(self.output, self.snapshot)


@dataclasses.dataclass(frozen=True)
class BaseHashtags:
    """n hashtags in the order of their keys. keys, display: StringArray. posts, members, pairs: int64[n]."""

    keys: pa.StringArray
    display: pa.StringArray
    posts: npt.NDArray[np.int64]
    members: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]

    def slice(self, start: int, end: int) -> BaseHashtags:
        """Hashtags start to end."""
        return BaseHashtags(
            keys=self.keys.slice(start, end - start),
            display=self.display.slice(start, end - start),
            posts=self.posts[start:end],
            members=self.members[start:end],
            pairs=self.pairs[start:end],
        )


@functools.lru_cache(maxsize=1)
def _hashtags_by_bucket(base: Base) -> tuple[BaseHashtags, npt.NDArray[np.int64]]:
    """All hashtags in the order of (bucket, key), and where each bucket begins: int64[buckets + 1]."""
    table = base.read("hashtags", None)
    keys = table["hashtag"].combine_chunks()
    order, edges = order_by_bucket(keys, base.buckets)
    texts = {"keys": keys, "display": table["display"].combine_chunks()}
    return BaseHashtags(
        **{name: column.take(pa.array(order)) for name, column in texts.items()},
        **{name: table[name].to_numpy()[order] for name in ("posts", "members", "pairs")},
    ), edges

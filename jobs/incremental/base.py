"""What a task knows of the snapshot that an incremental run builds on, the base."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.worker import open_snapshot
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.manybuckets import order_by_bucket
from lookalike.snapshots.oldfiles import taken_rows
from lookalike.snapshots.overlay import Overlay
from lookalike.snapshots.reader import Snapshot
from lookalike.tables.schemas import OVERLAYS


@dataclasses.dataclass(frozen=True)
class Base:
    """The base's tables, read a bucket at a time. Sent to tasks as its place: output folder and id."""

    output: Path
    snapshot: str

    def entries(self, table: str, bucket: int | None) -> list[FileEntry]:
        """The files of a table in a bucket and its overlay: what a bucket that nothing changes in is named by."""
        return self._open().run(table, bucket).entries

    def files(self, table: str, bucket: int) -> tuple[list[FileEntry], Overlay]:
        """The files of a table in a bucket, and what lies over them."""
        entries = self._of(table, table, bucket)
        overlay = self._open().run(table, bucket).overlay
        return entries, overlay or Overlay.none(sum(entry.rows for entry in entries))

    def read(self, table: str, bucket: int | None, columns: Sequence[str]) -> pa.Table:
        """Some columns of a table in a bucket, all rows."""
        return self._open().run(table, bucket).read(columns)

    def taken(self, table: str, bucket: int, columns: Sequence[str], rows: npt.NDArray[np.int64]) -> pa.Table:
        """Some columns of a table in a bucket, some rows: int64[], ascending."""
        files, overlay = self.files(table, bucket)
        is_laid, number = overlay.locate(rows)
        below = taken_rows(self.output, files, table, columns, number[~is_laid])
        if not is_laid.any():
            return below
        above = self.taken_over(table, bucket, columns, number[is_laid])
        place = np.empty(len(rows), np.int64)
        place[~is_laid] = np.arange(len(below))
        place[is_laid] = np.arange(len(above)) + len(below)
        return pa.concat_tables([below, above]).combine_chunks().take(pa.array(place))

    def taken_over(self, table: str, bucket: int, columns: Sequence[str], rows: npt.NDArray[np.int64]) -> pa.Table:
        """The same of the table's overlay."""
        return taken_rows(self.output, self.laid(table, bucket), OVERLAYS[table], columns, rows)

    def laid(self, table: str, bucket: int) -> list[FileEntry]:
        """The file of a table's overlay in a bucket, if it has one."""
        return self._of(OVERLAYS[table], table, bucket)

    def _of(self, name: str, table: str, bucket: int) -> list[FileEntry]:
        return [entry for entry in self.entries(table, bucket) if entry.table == name]

    def tables(self, entries: Sequence[FileEntry]) -> Iterator[pa.Table]:
        """All rows of some files that are not in buckets, a row group at a time."""
        for file in self._open().run(entries[0].table, None).files if entries else []:
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
        keys, display = (texts.slice(start, end - start) for texts in (self.keys, self.display))
        numbers = self.posts[start:end], self.members[start:end], self.pairs[start:end]
        return BaseHashtags(keys, display, *numbers)


@functools.lru_cache(maxsize=1)
def _hashtags_by_bucket(base: Base) -> tuple[BaseHashtags, npt.NDArray[np.int64]]:
    """All hashtags in the order of (bucket, key), and where each bucket begins: int64[buckets + 1]."""
    table = base.read("hashtags", None, ["hashtag", "display", "posts", "members", "pairs"])
    keys, display = (table[name].combine_chunks() for name in ("hashtag", "display"))
    order, edges = order_by_bucket(keys, base.buckets)
    numbers = (table[name].to_numpy()[order] for name in ("posts", "members", "pairs"))
    return BaseHashtags(keys.take(pa.array(order)), display.take(pa.array(order)), *numbers), edges

"""Checked posts as arrays, on their way from the scan to the task that knows their id."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

PLACE_BITS = 44  # a row is its file's number above its place in the file: a million files of 16 TiB
PLACE = (1 << PLACE_BITS) - 1


def partition_of(id_hash: npt.NDArray[np.uint64], partitions: int) -> npt.NDArray[np.uint64]:
    """uint64[n]: the partition of each id, a range of hashes; of at most 65,536."""
    return ((id_hash >> np.uint64(32)) * np.uint64(partitions)) >> np.uint64(32)


def hashes_of(partition: int, partitions: int) -> tuple[int, int]:
    """The least hash of a partition, and the greatest."""
    least, following = (-(-(number << 32) // partitions) << 32 for number in (partition, partition + 1))
    return least, following - 1


@dataclasses.dataclass(frozen=True)
class Posts:
    """n posts and the hashtags of each, those of post i at offsets[i] to offsets[i + 1].

    id_hash, id_check uint64[n]: two ids are the same iff both agree (128 bits: a collision is less likely than an
    undetected memory error). row_hash uint64[n]: its first half of all other values of the row but the hashtags, its
    second half of these.
    created_at int64[n]: microseconds since 1970 or NULL_TIME; was_dated bool[n]: whether there was a value.
    repost int8[n], was_flagged bool[n]: the same for the flag.
    account uint32[n]: index. row int64[n]: file and place.
    offsets int64[n + 1]; spelling uint64[offsets[-1]], bucket uint16[offsets[-1]]: see Exploded.
    """

    id_hash: npt.NDArray[np.uint64]
    id_check: npt.NDArray[np.uint64]
    row_hash: npt.NDArray[np.uint64]
    created_at: npt.NDArray[np.int64]
    was_dated: npt.NDArray[np.bool_]
    repost: npt.NDArray[np.int8]
    was_flagged: npt.NDArray[np.bool_]
    account: npt.NDArray[np.uint32]
    row: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    spelling: npt.NDArray[np.uint64]
    bucket: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        """Number of posts."""
        return len(self.id_hash)

    @classmethod
    def concatenate(cls, parts: Sequence[Posts]) -> Posts:
        """The posts of all parts, one part after the other."""
        sizes = np.cumsum([0, *(len(part.spelling) for part in parts)])
        offsets = [part.offsets[:-1] - part.offsets[0] + size for part, size in zip(parts, sizes[:-1], strict=True)]
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in (*_OF_POSTS, *_OF_USES)}
        return cls(**joined, offsets=np.concatenate([*offsets, sizes[-1:]]))

    def take(self, rows: npt.NDArray[np.int64]) -> Posts:
        """The posts at the given places, in that order."""
        sizes = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        uses = np.repeat(self.offsets[:-1][rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
        taken = {name: getattr(self, name)[rows] for name in _OF_POSTS}
        return Posts(**taken, offsets=offsets, spelling=self.spelling[uses], bucket=self.bucket[uses])

    def join(self, rows: npt.NDArray[np.int64], heads: npt.NDArray[np.int64]) -> Posts:
        """The posts, those at `heads` with the hashtags of `rows` after their own, in the order of rows."""
        owner = np.arange(len(self))
        owner[rows] = heads
        sizes = np.diff(self.offsets)
        of_use = np.repeat(owner, sizes)
        uses = np.lexsort((np.repeat(self.row, sizes), of_use))
        offsets = np.concatenate([[0], np.cumsum(np.bincount(of_use, minlength=len(self)))])
        return dataclasses.replace(self, offsets=offsets, spelling=self.spelling[uses], bucket=self.bucket[uses])

    def slice(self, start: int, end: int) -> Posts:
        """Posts start to end; nothing is copied."""
        first, last = self.offsets[start], self.offsets[end]
        part = {name: getattr(self, name)[start:end] for name in _OF_POSTS}
        offsets = self.offsets[start : end + 1] - first
        return Posts(**part, offsets=offsets, spelling=self.spelling[first:last], bucket=self.bucket[first:last])

    def to_rows(self) -> pa.RecordBatch:
        """The posts as they travel."""
        columns = {name: pa.array(getattr(self, name)) for name in _OF_POSTS}
        offsets = pa.array(self.offsets.astype(np.int32))
        for name in _OF_USES:
            columns[name] = pa.ListArray.from_arrays(offsets, pa.array(getattr(self, name)))
        return pa.record_batch(columns)

    @classmethod
    def from_rows(cls, rows: pa.RecordBatch) -> Self:
        """The posts that to_rows gave."""
        columns = {name: rows[name].to_numpy(zero_copy_only=False) for name in _OF_POSTS}
        offsets = rows["spelling"].offsets.to_numpy().astype(np.int64)
        return cls(**columns, offsets=offsets, **{name: rows[name].values.to_numpy() for name in _OF_USES})


_OF_USES = ("spelling", "bucket")
_OF_POSTS = tuple(f.name for f in dataclasses.fields(Posts) if f.name not in ("offsets", *_OF_USES))

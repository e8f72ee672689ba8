"""All hashtags of a run in the order of their keys: made by the driver once the buckets are grouped.

A hashtag is from then on its place in this table, a uint32: the order of these numbers is that of the keys.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.exchange.workfiles import open_work_file, write_work_file
from jobs.exchange.workplace import WorkPlace
from jobs.stages.group.groups import GroupHeads
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.origin import Origin
from lookalike.snapshots.publisher import Publication
from lookalike.tables import HASHTAGS

_FILE = "hashtags.arrow"


@dataclasses.dataclass(frozen=True)
class HashtagTable:
    """The n hashtags in ascending order of key (UTF-8 bytes).

    keys, display: StringArray. posts, members: int64[n]. bucket: uint16[n].
    numbers: uint32[n]: the hashtags of bucket 0 in order of their keys, then those of bucket 1, and so on.
    """

    keys: pa.StringArray
    display: pa.StringArray
    posts: npt.NDArray[np.int64]
    members: npt.NDArray[np.int64]
    bucket: npt.NDArray[np.uint16]
    numbers: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        """Number of hashtags."""
        return len(self.bucket)

    def numbers_in(self, bucket: int) -> npt.NDArray[np.uint32]:
        """The numbers of the hashtags of a bucket, by their places in it; ascending."""
        return self.numbers[self._firsts[bucket] : self._firsts[bucket + 1]]

    @functools.cached_property
    def _firsts(self) -> npt.NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(np.bincount(self.bucket, minlength=1 << 16))])

    @classmethod
    def gather(cls, work: WorkPlace, buckets: Sequence[int]) -> HashtagTable:
        """From the work files of the groups in these buckets. Memory: the whole table."""
        groups = [GroupHeads.read(work, bucket) for bucket in sorted(buckets)]
        keys = pa.chunked_array([group.keys for group in groups], pa.string()).combine_chunks()
        display = pa.chunked_array([group.display for group in groups], pa.string()).combine_chunks()
        bucket = np.repeat(np.array(sorted(buckets), np.uint16), [len(group.keys) for group in groups])
        posts, members = (
            np.concatenate([np.zeros(0, np.int64), *parts])
            for parts in ([group.posts for group in groups], [group.sizes for group in groups])
        )
        order = pc.sort_indices(keys)
        ordered = order.to_numpy()
        numbers = np.empty(len(ordered), np.uint32)
        numbers[ordered] = np.arange(len(ordered))
        return cls(keys.take(order), display.take(order), posts[ordered], members[ordered], bucket[ordered], numbers)

    def write(self, work: WorkPlace) -> None:
        """Write the table for the tasks."""
        fields = [field.name for field in dataclasses.fields(self)]
        rows = pa.record_batch({name: getattr(self, name) for name in fields})
        write_work_file(work / _FILE, rows.schema, [rows])

    @classmethod
    def open(cls, work: WorkPlace) -> HashtagTable:
        """Map the written table into memory."""
        rows = open_work_file(work / _FILE).get_batch(0)
        numbers = {name: rows[name].to_numpy() for name in ("posts", "members", "bucket", "numbers")}
        return cls(rows["keys"], rows["display"], **numbers)

    def publish(self, publication: Publication, pairs: npt.NDArray[np.int64], origin: Origin) -> FileEntry:
        """Write the snapshot's table of hashtags; pairs int64[n]: similar pairs of each. origin: of the snapshot."""
        rows = HASHTAGS.batch(
            hashtag=self.keys, display=self.display, posts=self.posts, members=self.members, pairs=pairs
        )
        return write_table(publication.output, publication.data_path("hashtags"), [rows], footer=origin.footer())


@functools.lru_cache(maxsize=2)
def hashtag_table(work: WorkPlace) -> HashtagTable:
    """The table that the driver wrote to the run's work place. The tasks of one worker process share it."""
    return HashtagTable.open(work)

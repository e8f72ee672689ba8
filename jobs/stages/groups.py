"""The members of a bucket's hashtags as a work file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.stages.workfiles import open_work_file, write_work_file


@dataclasses.dataclass(frozen=True)
class Groups:
    """The n hashtags of a bucket, in order of their keys.

    keys, display: StringArray. posts: int64[n]. starts: int64[n + 1]; hashtag i has the accounts
    members[starts[i]:starts[i + 1]] (uint32 indices, ascending).
    """

    keys: pa.StringArray
    display: pa.StringArray
    posts: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    members: npt.NDArray[np.uint32]

    def members_of(self, hashtag: int) -> npt.NDArray[np.uint32]:
        """The accounts of hashtag i."""
        return self.members[self.starts[hashtag] : self.starts[hashtag + 1]]

    def write(self, work: Path, bucket: int) -> None:
        """Write the work file of a bucket."""
        lists = pa.LargeListArray.from_arrays(pa.array(self.starts.astype(np.int64)), pa.array(self.members))
        batch = pa.record_batch(
            {"key": self.keys, "display": self.display, "posts": pa.array(self.posts), "members": lists}
        )
        write_work_file(_path(work, bucket), batch.schema, [batch])

    @classmethod
    def open(cls, work: Path, bucket: int) -> Groups:
        """Map the work file of a bucket into memory."""
        batch = open_work_file(_path(work, bucket)).get_batch(0)
        lists = batch["members"]
        return cls(
            batch["key"],
            batch["display"],
            batch["posts"].to_numpy(),
            lists.offsets.to_numpy(),
            lists.values.to_numpy(),
        )


def _path(work: Path, bucket: int) -> Path:
    return work / f"groups-{bucket:04d}.arrow"

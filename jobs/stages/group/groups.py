"""The members of a bucket's hashtags as a work file."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.workfiles import open_work_file, read_columns, write_work_file
from jobs.exchange.workplace import WorkFile, WorkPlace


@dataclasses.dataclass(frozen=True)
class Groups:
    """The n hashtags of a bucket, in order of their keys.

    keys, display: StringArray. posts: int64[n]. sizes: int64[n], members. starts: int64[n + 1]; hashtag i has the
    accounts members[starts[i]:starts[i + 1]] (uint32 indices, ascending). fresh: None, or of an incremental run
    bool[len(members)]: which members are to be compared with all others; hashtags that have none list no members.
    weights: None, or where only the first member of each name is listed, uint32[len(members)]: how many have the
    name.
    """

    keys: pa.StringArray
    display: pa.StringArray
    posts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    members: npt.NDArray[np.uint32]
    fresh: npt.NDArray[np.bool_] | None = None
    weights: npt.NDArray[np.uint32] | None = None

    def members_of(self, hashtag: int) -> npt.NDArray[np.uint32]:
        """The accounts of hashtag i."""
        return self.members[self.starts[hashtag] : self.starts[hashtag + 1]]

    def fresh_of(self, hashtag: int) -> npt.NDArray[np.bool_] | None:
        """Which of them are fresh; None if all are."""
        return None if self.fresh is None else self.fresh[self.starts[hashtag] : self.starts[hashtag + 1]]

    def fresh_members(self) -> npt.NDArray[np.int64]:
        """int64[n]: how many of the listed members of each hashtag are fresh."""
        if self.fresh is None:
            return np.diff(self.starts)
        before = np.concatenate([[0], np.cumsum(self.fresh)])
        return np.diff(before[self.starts])

    def write(self, work: WorkPlace, bucket: int) -> None:
        """Write the work file of a bucket."""
        starts = pa.array(self.starts.astype(np.int64))
        columns = {"key": self.keys, "display": self.display, "posts": pa.array(self.posts)}
        columns["size"] = pa.array(self.sizes.astype(np.int64))
        columns["members"] = pa.LargeListArray.from_arrays(starts, pa.array(self.members))
        if self.fresh is not None:
            columns["fresh"] = pa.LargeListArray.from_arrays(starts, pa.array(self.fresh.view(np.uint8)))
        if self.weights is not None:
            columns["weights"] = pa.LargeListArray.from_arrays(starts, pa.array(self.weights))
        batch = pa.record_batch(columns)
        write_work_file(_path(work, bucket), batch.schema, [batch])

    @classmethod
    def open(cls, work: WorkPlace, bucket: int) -> Groups:
        """Map the work file of a bucket into memory."""
        batch = open_work_file(_path(work, bucket)).get_batch(0)
        lists = batch["members"]
        fresh = batch["fresh"].values.to_numpy().view(np.bool_) if "fresh" in batch.schema.names else None
        weights = batch["weights"].values.to_numpy() if "weights" in batch.schema.names else None
        numbers = batch["posts"].to_numpy(), batch["size"].to_numpy(), lists.offsets.to_numpy()
        return cls(batch["key"], batch["display"], *numbers, lists.values.to_numpy(), fresh, weights)


class GroupHeads(NamedTuple):
    """The hashtags of a bucket without their members; see Groups."""

    keys: pa.StringArray
    display: pa.StringArray
    posts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    @classmethod
    def read(cls, work: WorkPlace, bucket: int) -> GroupHeads:
        """From the work file of a bucket, of which nothing else is read."""
        batch = read_columns(_path(work, bucket), ("key", "display", "posts", "size"))
        return cls(batch["key"], batch["display"], batch["posts"].to_numpy(), batch["size"].to_numpy())


def with_earlier_names(groups: Groups, owner: npt.NDArray[np.uint32], accounts: int) -> Groups:
    """The groups with the earlier names of their members as further members.

    owner: uint32[k] ascending, the account of each earlier name, whose number is its place + accounts.
    """
    first = np.searchsorted(owner, np.arange(accounts + 1))
    count = np.diff(first)[groups.members]
    before = np.cumsum(count) - count
    names = np.repeat(first[groups.members] - before, count) + np.arange(count.sum()) + accounts
    hashtag = np.repeat(np.arange(len(groups.sizes)), np.diff(groups.starts))
    members = np.concatenate([groups.members, names.astype(np.uint32)])
    hashtags = np.concatenate([hashtag, np.repeat(hashtag, count)])
    order = np.lexsort((members, hashtags))
    starts = np.searchsorted(hashtags[order], np.arange(len(groups.sizes) + 1))
    return dataclasses.replace(groups, members=members[order], starts=starts)


def _path(work: WorkPlace, bucket: int) -> WorkFile:
    return work / f"groups-{bucket:04d}.arrow"

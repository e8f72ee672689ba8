"""What every account used, as a work file of each task that writes accounts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.exchange.stage import Stage
from jobs.exchange.worker import accounts_table
from jobs.exchange.workfiles import open_work_file, read_columns, write_work_file
from jobs.exchange.workplace import WorkFile, WorkPlace

_JOINED, _SPANS = "lists.bin", "lists.arrow"


@dataclasses.dataclass(frozen=True)
class AccountLists:
    """n accounts that used a hashtag, and the hashtags of each, both by number.

    account: uint32[n] ascending. posts: int64[n], posts of each with a hashtag. starts: int64[n + 1]; account i
    used hashtags[starts[i]:starts[i + 1]] (uint32, ascending).
    """

    account: npt.NDArray[np.uint32]
    posts: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    hashtags: npt.NDArray[np.uint32]

    def write(self, work: WorkPlace, task: int) -> None:
        """Write the work file of a task."""
        lists = pa.LargeListArray.from_arrays(pa.array(self.starts), pa.array(self.hashtags))
        rows = pa.record_batch({"account": self.account, "posts": self.posts, "hashtags": lists})
        write_work_file(_path(work, task), rows.schema, [rows])

    @classmethod
    def open(cls, work: WorkPlace, task: int) -> AccountLists:
        """Map the work file of a task into memory."""
        rows = open_work_file(_path(work, task)).get_batch(0)
        lists = rows["hashtags"]
        numbers = rows["account"].to_numpy(), rows["posts"].to_numpy(), lists.offsets.to_numpy()
        return cls(*numbers, lists.values.to_numpy())


def _path(work: WorkPlace, task: int) -> WorkFile:
    return work / f"lists-{task:04d}.arrow"


def list_users(work: WorkPlace, tasks: int) -> npt.NDArray[np.uint32]:
    """The accounts that used a hashtag, ascending, over the files of all tasks."""
    columns = [read_columns(_path(work, task), ("account",))["account"] for task in range(tasks)]
    return np.sort(np.concatenate([column.to_numpy() for column in columns]))


@dataclasses.dataclass(frozen=True)
class JoinedLists:
    """The lists of all tasks in one file, for tasks that look up accounts in any order.

    start, end: int64[accounts]; account a used hashtags[start[a]:end[a]] (uint32, ascending).
    """

    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    hashtags: npt.NDArray[np.uint32]

    def users(self) -> npt.NDArray[np.uint32]:
        """The accounts that used a hashtag, ascending."""
        return np.flatnonzero(self.end > self.start).astype(np.uint32)

    @classmethod
    def open(cls, work: WorkPlace) -> JoinedLists:
        """Map the file into memory."""
        rows = open_work_file(work / _SPANS).get_batch(0)
        joined = (work / _JOINED).local()
        size = joined.stat().st_size
        hashtags = np.memmap(joined, np.uint32, mode="r") if size else np.zeros(0, np.uint32)
        return cls(rows["start"].to_numpy(), rows["end"].to_numpy(), hashtags.view(np.ndarray))


@dataclasses.dataclass(frozen=True)
class JoinLists(Stage[int]):
    """Task function: a number in; the file of JoinedLists written, and how many hashtags it has out.

    tasks: that have written lists. A single task does it, so that the driver need not fetch the lists from a store.
    """

    work: WorkPlace
    accounts: WorkFile
    tasks: int

    def __call__(self, numbers: Iterable[int]) -> Iterator[int]:
        """Join the lists."""
        for _ in numbers:
            yield self._join()

    def _join(self) -> int:
        spans = np.zeros((2, len(accounts_table(self.accounts))), np.int64)
        size = 0
        with (self.work / _JOINED).create() as file:
            for task in range(self.tasks):
                lists = AccountLists.open(self.work, task)
                spans[0, lists.account] = size + lists.starts[:-1]
                spans[1, lists.account] = size + lists.starts[1:]
                size += len(lists.hashtags)
                file.write(lists.hashtags.tobytes())
        rows = pa.record_batch({"start": spans[0], "end": spans[1]})
        write_work_file(self.work / _SPANS, rows.schema, [rows])
        return size

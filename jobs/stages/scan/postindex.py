"""The index of posts that were read: which posts a later run knows already, and whether they were used."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.stages.scan.posts import Posts
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.openfiles import DataFile
from lookalike.snapshots.reader import Snapshot
from lookalike.strings.values import HALF
from lookalike.tables import POST_INDEX

_ROW_GROUP = 1 << 17  # rows


@dataclasses.dataclass(frozen=True)
class PostIndex:
    """n different rows of posts in the order of id_hash, which several may share.

    id_hash, id_check, row_hash: uint64[n]; row: int64[n]: as in Posts. kept: bool[n], whether the row was not
    rejected for another of the same id.
    """

    id_hash: npt.NDArray[np.uint64]
    id_check: npt.NDArray[np.uint64]
    row_hash: npt.NDArray[np.uint64]
    row: npt.NDArray[np.int64]
    kept: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.row)

    @classmethod
    def of(cls, posts: Posts, order: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_]) -> Self:
        """The posts at some places, which are in the order of id_hash; kept bool[len(posts)]."""
        return cls(posts.id_hash[order], posts.id_check[order], posts.row_hash[order], posts.row[order], kept[order])

    @classmethod
    def read(
        cls, snapshot: Snapshot, least: int, greatest: int, wanted: npt.NDArray[np.uint64] | None = None
    ) -> Self:
        """What a snapshot knows of ids with hashes in [least, greatest], or of those among them that are wanted."""
        files = snapshot.stored("post_index", None).files
        near = [(file, group) for file in files for group in _near(file, least, greatest)]
        chosen = None if wanted is None else np.sort(wanted)
        return cls.joined([cls._part(file, group, least, greatest, chosen) for file, group in near])

    @classmethod
    def _part(
        cls, file: DataFile, group: int, least: int, greatest: int, wanted: npt.NDArray[np.uint64] | None
    ) -> Self:
        """wanted: ascending. Of posts that are new the other columns need not be read."""
        hashes = file.read(group, ["id_hash"])["id_hash"].to_numpy()
        low = np.searchsorted(hashes, np.uint64(least))
        rows = np.arange(low, np.searchsorted(hashes, np.uint64(greatest), side="right"))
        if wanted is not None:
            place = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
            met = wanted[hashes[place] == wanted]
            rows = rows[np.isin(hashes[rows], met)] if len(met) else rows[:0]
        found = file.read(group).take(pa.array(rows)) if len(rows) else POST_INDEX.schema.empty_table()
        return cls(**{name: found[name].to_numpy() for name in POST_INDEX.names})

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """The rows of all parts in order."""
        empty = {
            field.name: POST_INDEX.schema.empty_table()[field.name].to_numpy() for field in dataclasses.fields(cls)
        }
        columns = {
            name: np.concatenate([none, *(getattr(part, name) for part in parts)]) for name, none in empty.items()
        }
        order = np.argsort(columns["id_hash"], kind="stable")  # runs in order: the merge of a merge sort
        return cls(**{name: column[order] for name, column in columns.items()})

    def find(self, posts: Posts) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """int64[k] and int64[k]: every post that has the id of a row here, and that row."""
        first = np.searchsorted(self.id_hash, posts.id_hash)
        count = np.searchsorted(self.id_hash, posts.id_hash, side="right") - first
        post = np.repeat(np.arange(len(posts)), count)
        row = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
        same = self.id_check[row] == posts.id_check[post]
        return post[same], row[same]

    def rejected(self, row: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """bool[k]: whether such rows were rejected for another of the same id, and not joined to one that is used."""
        left = np.flatnonzero(~self.kept[row])
        near = np.flatnonzero(self.kept & np.isin(self.id_hash, self.id_hash[row[left]])) if len(left) else left
        used = set(self._kinds(near))
        found = np.zeros(len(row), bool)
        found[left] = [kind not in used for kind in self._kinds(row[left])]
        return found

    def _kinds(self, row: npt.NDArray[np.int64]) -> Iterator[tuple[int, ...]]:
        """Of rows what all have in common that differ in nothing but the hashtags."""
        columns = (self.id_hash, self.id_check, self.row_hash >> HALF)
        return zip(*(column[row].tolist() for column in columns), strict=True)

    def write(self, output: OutputPlace, path: str) -> FileEntry:
        """Write the rows as a data file of a snapshot; see write_table."""
        rows = POST_INDEX.batch(**{name: getattr(self, name) for name in POST_INDEX.names})
        return write_table(output, path, [rows], _ROW_GROUP)


def is_scattered(entries: list[FileEntry], max_generations: int) -> bool:
    """Whether so many runs have added to an index that it is better written again."""
    return len({entry.generation for entry in entries}) >= max_generations


def _near(file: DataFile, least: int, greatest: int) -> list[int]:
    """The row groups of a file that may hold such hashes."""
    return [group for group, (low, high) in enumerate(file.ranges("id_hash")) if low <= greatest and high >= least]

"""The rows that one table has in one bucket: all of them, or those of one key."""

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.snapshots.openfiles import DataFile
from lookalike.tables import TABLES


class StoredTable:
    """The files of one table and bucket, the newest generation first.

    Within a generation the rows are in the table's order; of rows with one key, that of the newest generation counts.
    """

    def __init__(self, output: Output, table: str, entries: Sequence[FileEntry]) -> None:
        """Read the footers of the files."""
        self.table = TABLES[table]
        self.entries = in_order(entries)
        self.files = [DataFile(output, entry) for entry in self.entries]
        if len({entry.generation for entry in entries}) > 1 and not self.table.generations and self.table.bucket:
            raise SnapshotError(f"{self.files[0].path}: {table} has no generations, the manifest lists several")
        for _, files in itertools.groupby(self.files, key=lambda file: file.entry.generation):
            bounds = [bounds for file in files for bounds in file.bounds]
            if any(greatest > least for (_, greatest), (least, _) in itertools.pairwise(bounds)):
                raise SnapshotError(f"{self.files[0].path}: its keys are not in order")

    @property
    def generations(self) -> int:
        """How many generations of rows there are."""
        return len({entry.generation for entry in self.entries}) if self.table.generations else 1

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Some columns of all stored rows, in one piece: of a table of several generations, older rows too."""
        names = list(columns or self.table.names)
        pieces = [self.table.part(names).empty_table(), *(file.read_all(names) for file in self.files)]
        return pa.concat_tables(pieces).combine_chunks()

    def take(self, columns: Sequence[str], rows: npt.NDArray[np.int64]) -> pa.Table:
        """Some columns of some rows, in the order of `rows`: int64[], their numbers as `read` has them."""
        if (np.diff(rows) < 0).any():  # rows of several generations
            order = np.argsort(rows)
            place = np.empty(len(rows), np.int64)
            place[order] = np.arange(len(rows))
            return self.take(columns, rows[order]).take(pa.array(place))
        edges = np.searchsorted(rows, np.cumsum([0, *(file.entry.rows for file in self.files)]))
        pieces = [self.table.part(list(columns)).empty_table()]
        before = 0
        for file, (start, end) in zip(self.files, itertools.pairwise(edges.tolist()), strict=True):
            pieces.append(file.take(list(columns), rows[start:end] - before))
            before += file.entry.rows
        return pa.concat_tables(pieces).combine_chunks()

    def rows(self, key: bytes, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows that count of one hashtag or account, in pieces of at most a row group; never an empty piece.

        columns: some; None for all. Each generation's rows are in order, the newest generation's come first. Memory:
        beside a row group, the keys that newer generations have of this hashtag or account.
        """
        wanted = list(columns or self.table.names)
        if self.generations == 1:
            yield from self._stored(self.files, key, wanted)
            return
        told_by = self.table.key[1]
        seen: pa.Array = pa.array([], self.table.schema.field(told_by).type)
        for _, files in itertools.groupby(self.files, key=lambda file: file.entry.generation):
            newer: list[pa.Array] = []
            for rows in self._stored(list(files), key, [*wanted, *({told_by} - set(wanted))]):
                keys = rows[told_by].combine_chunks()
                newer.append(keys)
                found = rows.filter(pc.invert(pc.is_in(keys, value_set=seen))) if len(seen) else rows
                if found.num_rows:
                    yield found.select(wanted)
            seen = pa.concat_arrays([seen, *newer])

    def _stored(self, files: Sequence[DataFile], key: bytes, columns: list[str]) -> Iterator[pa.Table]:
        """The rows of one key in the files of one generation."""
        for file in files:
            for group in range(bisect.bisect_left(file.bounds, key, key=lambda bounds: bounds[1]), len(file.bounds)):
                least, greatest = file.bounds[group]
                if least > key:
                    return
                if least == key == greatest:
                    yield file.read(group, columns)
                    continue
                name = self.table.names[0]
                rows = file.read(group, [*columns, *({name} - set(columns))])
                start, stop = key_range(rows[name].combine_chunks(), key, key + b"\0")  # no key is between the two
                if start < stop:
                    yield rows.slice(start, stop - start).select(columns)


def in_order(entries: Iterable[FileEntry]) -> list[FileEntry]:
    """Files of one table and bucket as they are read: the newest generation first."""
    return sorted(entries, key=lambda entry: (-entry.generation, entry.path))


def key_range(keys: pa.StringArray, low: bytes, high: bytes | None) -> tuple[int, int]:
    """The first and the end of those of ascending keys that are at least `low` and below `high` (None: no bound)."""
    start = bisect.bisect_left(range(len(keys)), low, key=lambda row: _bytes(keys, row))
    if high is None:
        return start, len(keys)
    return start, bisect.bisect_left(range(len(keys)), high, start, key=lambda row: _bytes(keys, row))


def _bytes(strings: pa.StringArray, row: int) -> bytes:
    value: bytes = strings[row].as_buffer().to_pybytes()
    return value

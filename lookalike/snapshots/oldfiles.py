"""Data files read as they are encoded, by who makes others of them: past Arrow, which copies every value."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import join_path, parse_data_path
from lookalike.outputs.openparquet import DAMAGE, first_line
from lookalike.snapshots.parquet.chunks import Values
from lookalike.snapshots.parquet.columns import Column, taken
from lookalike.snapshots.parquet.memory import Bytes
from lookalike.snapshots.parquet.oldfile import OldFile
from lookalike.snapshots.parquet.text import Text
from lookalike.strings.copying import ROOM
from lookalike.tables.encodings import table_columns
from lookalike.tables.schemas import SCHEMAS, check_schema


@contextlib.contextmanager
def opened(output: Path, entry: FileEntry, columns: Sequence[Column]) -> Iterator[OldFile]:
    """A data file, held against its entry. columns: its table's. Raises SnapshotError if it is damaged."""
    FolderOutput(output).check_size(entry)
    path = join_path(output, entry.path)
    try:
        file = OldFile(path, columns)
    except DAMAGE as error:
        raise SnapshotError(f"{path}: is damaged: {first_line(error)}") from None
    with file:
        check_schema(file.schema, SCHEMAS[parse_data_path(entry.path).table], str(path))
        if file.metadata.num_rows != entry.rows:
            raise SnapshotError(f"{path}: has {file.metadata.num_rows} rows, the manifest says {entry.rows}")
        yield file


def read_group(
    file: OldFile, number: int, room: Bytes, entry: FileEntry, wanted: Sequence[int] | None = None
) -> list[Values]:
    """OldFile.read. Raises SnapshotError if the file is damaged."""
    try:
        return file.read(number, room, wanted)
    except DAMAGE as error:
        raise SnapshotError(f"{entry.path}: is damaged: {first_line(error)}") from None


def taken_rows(
    output: Path, entries: Sequence[FileEntry], table: str, names: Sequence[str], rows: npt.NDArray[np.int64]
) -> pa.Table:
    """Some rows of some columns. rows: int64[], ascending: their numbers, counted over all files.

    Of row groups without any nothing is read. Raises SnapshotError if a file is damaged.
    """
    columns = table_columns(table)
    schema = pa.schema([SCHEMAS[table].field(name) for name in names])
    wanted = [SCHEMAS[table].get_field_index(name) for name in names]
    pieces = [schema.empty_table()]
    room: Bytes = np.empty(0, np.uint8)
    before = 0
    for entry in entries:
        with opened(output, entry, columns) as file:
            edges = np.searchsorted(rows, [before + group.first for group in file.groups] + [before + entry.rows])
            for number, (start, end) in enumerate(itertools.pairwise(edges)):
                if start == end:
                    continue
                group = file.groups[number]
                if len(room) < group.bytes + ROOM:
                    room = np.empty(group.bytes + group.bytes // 8 + ROOM, np.uint8)
                values = read_group(file, number, room, entry, wanted)
                chosen = rows[start:end] - (before + group.first)
                found = [taken(columns[place], part, chosen) for place, part in zip(wanted, values, strict=True)]
                pieces.append(pa.table(found, schema))
        before += entry.rows
    return pa.concat_tables(pieces).combine_chunks()


def coded_key_runs(output: Path, entry: FileEntry) -> Iterator[tuple[pa.StringArray, npt.NDArray[np.int64]]]:
    """The key of each run of rows that share it, and the rows in each, int64[], a row group at a time.

    A run may go on in the next piece, and of keys that are not encoded by a dictionary each row is one. Raises
    SnapshotError if the file is damaged.
    """
    columns = table_columns(entry.table)
    with opened(output, entry, columns) as file:
        room: Bytes = np.empty(max((group.bytes for group in file.groups), default=0) + ROOM, np.uint8)
        for number, group in enumerate(file.groups):
            (keys,) = read_group(file, number, room, entry, [0])
            begins = np.arange(group.rows)
            if isinstance(keys, Text) and len(keys.entry_of):
                changes = keys.entry_of[1:] != keys.entry_of[:-1]
                begins = np.flatnonzero(np.append(True, changes))
            yield taken(columns[0], keys, begins), np.diff(begins, append=group.rows)

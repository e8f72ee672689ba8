"""Reading the rows of an input file, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jobs.inputs.formats.copied import read_copies
from jobs.inputs.formats.registry import FORMATS
from jobs.inputs.streams import check_unchanged
from jobs.inputs.tables import HASHTAGS, SPARK, TEXT, WHOLE, Column, InputFile, Part, RowBatch, Table
from jobs.inputs.text.window import FINISHING
from jobs.inputs.texthashtags import hashtags_of
from lookalike.strings.values import are_blank


def read_rows(file: InputFile, table: Table, part: Part = WHOLE) -> Iterator[RowBatch]:
    """The rows of a part of the file.

    Memory is bounded by the part's chunk_bytes or the longest row, at most LONGEST_ROW bytes. Raises UsageError,
    naming the file, if it is damaged or has changed since it was examined.
    """
    if file.format == SPARK:
        batches = read_copies(file, part, table)
    else:
        check_unchanged(file)
        batches = FORMATS[file.format].read(file, part, table)
    return (_finished(file, batch) for batch in batches)


def _finished(file: InputFile, batch: RowBatch) -> RowBatch:
    """The rows with the values of the table's columns, where these are not yet what the file holds."""
    for column in file.filled:
        batch = batch.with_column(column, _presence(batch[column]))
    if file.from_text:
        batch = batch.with_column(HASHTAGS, hashtags_of(batch[TEXT]))
    return batch


def _presence(column: Column) -> Column:
    """1 for a value that is not blank, 0 for one that is."""
    places = (~are_blank(*column)).astype(np.int64)
    return Column(np.frombuffer(b"01", np.uint8), places, places + 1)


class FetchedRow(NamedTuple):
    """A row read again: as written, and the values of the table's columns."""

    raw: bytes
    values: tuple[bytes, ...]


def fetch_batches(file: InputFile, places: npt.NDArray[np.int64], table: Table) -> Iterator[RowBatch]:
    """The well-formed rows that begin at `places` (int64, ascending, from a RowBatch), read again.

    Few rows of an uncompressed file are sought out; otherwise the file is read through once.
    """
    if not len(places):
        return
    if file.can_seek and len(places) * FINISHING < file.size:
        check_unchanged(file)
        for batch in FORMATS[file.format].fetch(file, places, table):
            yield _finished(file, batch)
        return
    for batch in read_rows(file, table):
        yield batch.take(np.flatnonzero(np.isin(batch.place, places)))


def fetch_rows(file: InputFile, places: npt.NDArray[np.int64], table: Table) -> Iterator[FetchedRow]:
    """The rows of fetch_batches, one by one."""
    for batch in fetch_batches(file, places, table):
        for i in range(len(batch)):
            yield FetchedRow(batch.raw(i), tuple(column.value(i) for column in batch.columns))

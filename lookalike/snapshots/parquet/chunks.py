"""Column chunks: the values of a row group's columns, spliced and encoded one behind the other, and read again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from lookalike.errors import SnapshotError
from lookalike.snapshots.parquet.columns import NO_INDEX, TEXT, Column
from lookalike.snapshots.parquet.extremes import Statistics, null_count, number_statistics, text_statistics
from lookalike.snapshots.parquet.fixedwidth import Numbers, merged_words, put_numbers, read_numbers
from lookalike.snapshots.parquet.memory import Bytes
from lookalike.snapshots.parquet.pages import DICTIONARY, OVERHEAD, PLAIN, Valid
from lookalike.snapshots.parquet.runs import Runs
from lookalike.snapshots.parquet.text import (
    Text,
    expanded,
    find_runs,
    merged,
    runs_size,
)
from lookalike.snapshots.parquet.textpages import put_dictionary_text, put_plain_text, read_text
from lookalike.strings.values import frozen

Values = Text | Numbers

_LARGEST_PAGE: Final = (1 << 31) - 1


class Chunk(NamedTuple):
    """Where a column chunk stands, from the beginning of its row group, and what its footer says of it.

    data: where the page of values begins, which is `start` unless there is a dictionary.
    """

    start: int
    data: int
    end: int
    encoding: int
    statistics: Statistics | None


class RowGroup(NamedTuple):
    """An encoded row group. data: uint8[], to be used before the next one is encoded."""

    rows: int
    data: Bytes
    chunks: list[Chunk]


class Encoder:
    """Encodes row groups of a table, into a buffer that it keeps."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._buffer: Bytes = np.empty(0, np.uint8)

    def encode(self, old: Sequence[Values], new: Sequence[Values], runs: Runs) -> RowGroup:
        """A row group of runs of two lists of columns, see runs.py; at least one row."""
        rows = int((runs[:, 2] - runs[:, 1]).sum())
        chunks: list[Chunk] = []
        at = 0
        for column, before, more in zip(self._columns, old, new, strict=True):
            put = self._put_text if column.physical == TEXT else self._put_numbers
            chunks.append(put(column, before, more, runs, rows, at))  # type: ignore[arg-type]  # both are of its type
            at = chunks[-1].end
        return RowGroup(rows, self._buffer[:at], chunks)

    def _put_text(self, column: Column, old: Text, new: Text, runs: Runs, rows: int, at: int) -> Chunk:
        valid = _merged_valid(old, new, runs)
        statistics = None
        if column.encoding == DICTIONARY or column.statistics:
            text = old
            if not _is_all(runs, old):
                data, edge, index = merged(old, new, runs)
                text = Text(frozen(data), frozen(edge), frozen(index), valid)
            entries, numbers, shorter = find_runs(text)
            if column.statistics:
                statistics = text_statistics(text, entries, null_count(text))
            if column.encoding == DICTIONARY and shorter:
                out = self._room(at, len(text.data) + 6 * rows)
                data_page, end = put_dictionary_text(
                    text, frozen(entries), frozen(numbers), rows, column.nullable, out, at
                )
                return Chunk(at, data_page, end, DICTIONARY, statistics)
        old, new = _without_index(old), _without_index(new)
        size = runs_size(old, new, runs) + rows
        if size + OVERHEAD > _LARGEST_PAGE:
            raise SnapshotError(f"column {column.name!r}: {size} bytes of text in a row group")
        out = self._room(at, size)
        end = put_plain_text(old, new, runs, valid, rows, column.nullable, out, at)
        return Chunk(at, at, end, PLAIN, statistics)

    def _put_numbers(self, column: Column, old: Numbers, new: Numbers, runs: Runs, rows: int, at: int) -> Chunk:
        valid = _merged_valid(old, new, runs)
        values = old.values if _is_all(runs, old) else frozen(merged_words(old.values, new.values, runs))
        dense = frozen(values[valid]) if len(valid) else values
        statistics = number_statistics(column, dense, rows - len(dense)) if column.statistics else None
        out = self._room(at, 17 * rows)
        data_page, end, encoding = put_numbers(
            dense, valid, rows, column.nullable, column.physical, column.encoding, out, at
        )
        return Chunk(at, data_page, end, encoding, statistics)

    def _room(self, at: int, size: int) -> Bytes:
        """The buffer, with room for so many bytes of values and all that goes with them."""
        needed = at + size + OVERHEAD
        if needed > len(self._buffer):
            larger = np.empty(needed + needed // 4, np.uint8)
            larger[:at] = self._buffer[:at]
            self._buffer = larger
        return self._buffer


def decode(columns: Sequence[Column], data: Bytes, size: int, rows: int) -> list[Values]:
    """The columns of an encoded row group; text stays where it is. data: uint8[size + ROOM]. Raises ValueError."""
    found: list[Values] = []
    at = 0
    data = frozen(data)
    for column in columns:
        if column.physical == TEXT:
            edge, index, valid, at = read_text(data, at, size, rows, column.nullable)
            found.append(Text(data, frozen(edge), frozen(index), frozen(valid)))
        else:
            words, valid, at = read_numbers(data, at, size, rows, column.nullable, column.physical)
            found.append(Numbers(frozen(words), frozen(valid)))
    return found


def _merged_valid(old: Values, new: Values, runs: Runs) -> Valid:
    """bool[n], or bool[0] if none is null, so that the same rows are always encoded the same way."""
    if not len(old.valid) and not len(new.valid):
        return old.valid
    if _is_all(runs, old):
        return old.valid
    both = [values.valid if len(values.valid) else frozen(np.ones(_rows(values), np.bool_)) for values in (old, new)]
    valid = merged_words(*both, runs)
    return frozen(valid[:0] if valid.all() else valid)


def _rows(values: Values) -> int:
    if isinstance(values, Numbers):
        return len(values.values)
    return len(values.entry_of) or len(values.edge) - 1


def _is_all(runs: Runs, old: Values) -> bool:
    return len(runs) == 1 and runs[0].tolist() == [0, 0, _rows(old)]


def _without_index(text: Text) -> Text:
    if not len(text.entry_of):
        return text
    data, edge = expanded(text)
    return Text(frozen(data), frozen(edge), NO_INDEX, text.valid)

"""The rows of a snapshot that count, and what differs between two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import TABLES
from tests.generations import that_count

Rows = dict[str, list[tuple[Any, ...]]]

_NUMBER: Final = "account_number"  # an incremental run keeps those of its base, and a full run gives new ones


def rows_that_count(output: Path) -> Rows:
    """The rows of each table of the live snapshot, sorted.

    Every checksum is compared first. Raises SnapshotError if one is wrong, and AssertionError if two tables disagree
    about the number of an account.
    """
    snapshot = Snapshot.open(FolderOutput(output))
    found: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    for entry in snapshot.manifest.files:
        snapshot.output.check_file(entry)
        found[entry.table] += _stored(output, entry)
    counting = {table: that_count(table, rows) for table, rows in found.items()}
    _check_numbers(counting)
    return {table: sorted((_values(row) for row in rows), key=repr) for table, rows in counting.items()}


def differing(found: Rows, expected: Rows) -> list[str]:
    """A line for each table whose rows are not the expected ones."""
    lines = []
    for table, rows in expected.items():
        if found[table] != rows:
            missing, wrong = set(rows) - set(found[table]), set(found[table]) - set(rows)
            example = min(map(repr, wrong or missing), default="a row is there twice")
            lines.append(f"{table}: {len(missing)} rows missing, {len(wrong)} wrong, such as {example}")
    return lines


def _stored(output: Path, entry: FileEntry) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.ParquetFile(output / entry.path).read().to_pylist()
    return rows


def _check_numbers(tables: dict[str, list[dict[str, Any]]]) -> None:
    numbers = {row["account_id"]: row[_NUMBER] for row in tables["accounts"]}
    assert sorted(numbers.values()) == list(range(len(numbers))), "accounts: a number is missing or given twice"
    for row in tables["members"]:
        assert row[_NUMBER] == numbers[row["account_id"]], f"members: {row} has not the number of its account"


def _values(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(value for name, value in row.items() if name != _NUMBER)

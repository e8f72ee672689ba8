"""Rows taken from data files as they are encoded are those that Arrow reads."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from lookalike.snapshots.oldfiles import taken_rows

from lookalike.errors import SnapshotError

from .test_splicing import TABLES, old_files, some_rows


@pytest.mark.parametrize("by_arrow", [False, True], ids=["ours", "Arrow's"])
@pytest.mark.parametrize("table", TABLES)
def test_rows_of_several_files_are_taken_by_number(tmp_path: Path, table: str, by_arrow: bool) -> None:
    parts = [some_rows(table, rows, seed) for seed, rows in enumerate([50, 1, 70, 0, 33])]
    entries = old_files(tmp_path, table, parts, 16, by_arrow)
    every = pa.concat_tables(parts)
    chance = np.random.default_rng(7)
    for count in (0, 1, 9, every.num_rows):
        rows = np.sort(chance.choice(every.num_rows, count, replace=False))
        names = chance.permutation(every.column_names)[: chance.integers(1, every.num_columns + 1)].tolist()
        expected = every.select(names).take(pa.array(rows))
        assert taken_rows(tmp_path, entries, table, names, rows).to_pylist() == expected.to_pylist()


def test_a_column_that_lies_elsewhere_is_damage(tmp_path: Path) -> None:
    (entry,) = old_files(tmp_path, "pairs", [some_rows("pairs", 100, 1)], 100, by_arrow=False)
    data = (tmp_path / entry.path).read_bytes()
    names, rows = ["account_a", "account_b", "similarity"], np.arange(100)
    whole = taken_rows(tmp_path, [entry], "pairs", names, rows)
    chance = np.random.default_rng(3)
    found = 0
    for _ in range(300):
        place = int(chance.integers(4, len(data)))
        (tmp_path / entry.path).write_bytes(bytes([*data[:place], data[place] ^ 0x55, *data[place + 1 :]]))
        try:
            taken = taken_rows(tmp_path, [entry], "pairs", names, rows)
        except SnapshotError:
            found += 1
        else:  # a character, or a word of the footer that nobody looks at
            assert taken.num_rows == whole.num_rows
    assert found

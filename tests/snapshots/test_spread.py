"""The rows of a bucket over several generations, against a dict that newer rows are put into."""

import dataclasses
import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.errors import SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import data_path
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.stored import StoredTable, key_range
from lookalike.tables import TABLES
from serving.api.ranges import Place, with_key
from tests.examples import examples

from .samples import START

Row = dict[str, Any]
WORDS = ["", "a", "aa", "b", "é", "😀", "\0", "z" * 70]
KEYS = st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS))
TWO_LEVELS = pytest.mark.parametrize("table", ["members", "account_hashtags"])


@dataclasses.dataclass(frozen=True)
class Spread:
    """Rows of a table with generations. keys: of each generation, the oldest first; a list for each file of it."""

    table: str
    keys: list[list[list[tuple[str, str]]]]
    row_group_rows: int

    def rows(self) -> list[list[list[Row]]]:
        """Each row of its own value, so that none can be taken for another."""
        first, second = TABLES[self.table].key
        number = 0
        found: list[list[list[Row]]] = []
        for generation, files in enumerate(self.keys):
            found.append([])
            for keys in files:
                found[-1].append([])
                for one, other in keys:
                    number += 1
                    row = {first: one, second: other, "screen_name": f"name {number}", "account_number": number}
                    row |= {"posts": number, "reposts": 0, "generation": generation}
                    row |= {"first_post": START, "last_post": None, "created_at": None}
                    found[-1][-1].append({name: row[name] for name in TABLES[self.table].names})
        return found

    def counting(self) -> dict[tuple[str, str], Row]:
        """The rule: a newer row of a key comes instead of an older one."""
        first, second = TABLES[self.table].key
        rows = (row for files in self.rows() for file in files for row in file)
        return {(row[first], row[second]): row for row in rows}

    def stored(self) -> list[Row]:
        """All rows as StoredTable numbers them."""
        return [row for files in reversed(self.rows()) for file in files for row in file]

    def write(self, output: Path) -> StoredTable:
        entries = []
        for generation, files in enumerate(self.rows()):
            for part, rows in enumerate(files):
                path = data_path(f"2026112{generation}T150102Z-1a2b3c", self.table, bucket=0, part=part)
                written = pa.Table.from_pylist(rows, TABLES[self.table].schema)
                entry = write_table(output, path, [written], self.row_group_rows)
                entries.append(dataclasses.replace(entry, generation=generation))
        random.Random(1).shuffle(entries)
        return StoredTable(FolderOutput(output), self.table, entries)


@st.composite
def spreads(draw: st.DrawFn) -> Spread:
    generations = []
    for _ in range(draw(st.integers(1, 4))):
        keys = draw(st.lists(KEYS, unique=True, max_size=25))
        keys.sort(key=lambda key: (key[0].encode(), key[1].encode()))
        edges = sorted({0, len(keys), *draw(st.lists(st.integers(0, len(keys)), max_size=2))})
        generations.append([keys[start:end] for start, end in itertools.pairwise(edges)])
    return Spread(draw(st.sampled_from(["members", "account_hashtags"])), generations, draw(st.integers(1, 5)))


@examples(60, deadline=None)
@given(spreads(), st.data())
def test_the_rows_of_a_key_are_the_newest_ones(
    tmp_path_factory: pytest.TempPathFactory, spread: Spread, data: st.DataObject
) -> None:
    stored = spread.write(tmp_path_factory.mktemp("output"))
    chosen = data.draw(st.sets(st.sampled_from(stored.table.names), min_size=1), "columns")
    names = [name for name in stored.table.names if name in chosen]
    expected = spread.counting()
    for key in WORDS:
        of_key = [row for (first, _), row in sorted(expected.items(), key=by_bytes) if first == key]
        pieces = list(stored.rows(key.encode()))
        assert all(0 < piece.num_rows <= spread.row_group_rows for piece in pieces)
        assert all(piece.schema.equals(stored.table.schema) for piece in pieces)
        found = [row for piece in pieces for row in piece.to_pylist()]
        assert found == sorted(found, key=lambda row: (-row["generation"], row[stored.table.key[1]].encode()))
        assert sorted(found, key=lambda row: row[stored.table.key[1]].encode()) == of_key
        some = [row for piece in stored.rows(key.encode(), names) for row in piece.to_pylist()]
        assert some == [{name: row[name] for name in names} for row in found]
    assert list(stored.rows(b"nobody's")) == []


def by_bytes(item: tuple[tuple[str, str], Row]) -> tuple[bytes, bytes]:
    return item[0][0].encode(), item[0][1].encode()


@examples(60, deadline=None)
@given(spreads(), st.data())
def test_rows_are_taken_by_number_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, spread: Spread, data: st.DataObject
) -> None:
    stored, rows = spread.write(tmp_path_factory.mktemp("output")), spread.stored()
    assert stored.read().to_pylist() == rows
    chosen = data.draw(st.sets(st.sampled_from(stored.table.names), min_size=1), "columns")
    names = [name for name in stored.table.names if name in chosen]
    numbers = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=30) if rows else st.just([]), "rows")
    expected = [{name: row[name] for name in names} for row in rows]
    assert stored.read(names).to_pylist() == expected
    for wanted in (sorted(numbers), numbers, list(range(len(rows)))[::-1]):
        taken = stored.take(names, np.array(wanted, np.int64))
        assert taken.schema == stored.table.part(names)
        assert taken.to_pylist() == [expected[number] for number in wanted]


@examples(40, deadline=None)
@given(spreads())
def test_keys_and_the_rows_of_each_are_those_of_the_files(
    tmp_path_factory: pytest.TempPathFactory, spread: Spread
) -> None:
    stored = spread.write(tmp_path_factory.mktemp("output"))
    for file, rows in zip(stored.files, [file for files in reversed(spread.rows()) for file in files], strict=True):
        runs = list(file.key_runs())
        keys = [
            key
            for found, counts in runs
            for key, count in zip(found.to_pylist(), counts.tolist(), strict=True)
            for _ in range(count)
        ]
        assert keys == [row[stored.table.names[0]] for row in rows]
        assert sum(file.group_rows()) == len(rows)


@examples(40, deadline=None)
@given(spreads(), st.integers(0, 40))
def test_a_range_goes_on_from_any_place_in_any_generation(
    tmp_path_factory: pytest.TempPathFactory, spread: Spread, begin: int
) -> None:
    stored = spread.write(tmp_path_factory.mktemp("output"))
    for key in WORDS:
        found = [
            (Place(piece.group, piece.start + number), row)
            for piece in with_key(stored, key)
            for number, row in enumerate(piece.read().to_pylist())
        ]
        assert [row for _, row in found] == [row for row in spread.stored() if row[stored.table.key[0]] == key]
        for place, _ in found[begin : begin + 1]:
            rest = [row for piece in with_key(stored, key, place) for row in piece.read().to_pylist()]
            assert rest == [row for _, row in found[begin:]]


def test_a_range_of_keys_is_found_by_bytes() -> None:
    keys = pa.array(["a", "a", "b", "é", "😀"])
    assert key_range(keys, b"a", b"a\0") == (0, 2)
    assert key_range(keys, b"aa", b"aa\0") == (2, 2)
    assert key_range(keys, b"b", None) == (2, 5)
    assert key_range(keys, "é".encode(), "😀".encode()) == (3, 4)
    assert key_range(pa.array([], pa.string()), b"", None) == (0, 0)


@TWO_LEVELS
def test_a_snapshot_of_files_whose_keys_are_out_of_order_is_refused(tmp_path: Path, table: str) -> None:
    with pytest.raises(SnapshotError, match="its keys are not in order"):
        Spread(table, [[[("b", "x")], [("a", "x")]]], 4).write(tmp_path / "of files")
    with pytest.raises(SnapshotError, match="its keys are not in order"):
        Spread(table, [[[("b", "x"), ("a", "x")]]], 1).write(tmp_path / "of row groups")
    with pytest.raises(SnapshotError, match="its keys are not in order"):
        Spread(table, [[[("a", "x")]], [[("b", "x"), ("a", "x")]]], 1).write(tmp_path / "of a newer generation")
    generations = Spread(table, [[[("b", "x")]], [[("a", "x")]]], 1).write(tmp_path / "of two generations")
    assert generations.generations == 2  # each in its own order


@TWO_LEVELS
@pytest.mark.parametrize("generation", [0, 1, 2])
def test_damage_to_any_generation_is_told_of(tmp_path: Path, table: str, generation: int) -> None:
    keys = [("a", f"{number:03d}") for number in range(40)]
    spread = Spread(table, [[keys], [keys[::2]], [keys[::3]]], 4)
    stored = spread.write(tmp_path)
    (entry,) = (entry for entry in stored.entries if entry.generation == generation)
    path = tmp_path / entry.path
    whole = path.read_bytes()
    asked: list[Callable[[], object]] = [
        lambda: list(stored.rows(b"a")),
        stored.read,
        lambda: stored.take(["posts"], np.arange(len(spread.stored()))),
        lambda: list(StoredTable(FolderOutput(tmp_path), table, stored.entries).rows(b"a")),
    ]
    for data, message in ((whole[:-1], "the manifest says"), (bytes(len(whole)), "is damaged"), (None, "No such")):
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)
        for ask in asked:
            with pytest.raises(SnapshotError, match=message) as caught:
                ask()
            assert str(caught.value).startswith(f"{path}: ")
    path.write_bytes(whole)
    assert sum(piece.num_rows for piece in stored.rows(b"a")) == len(keys)

"""A spliced file holds what decoding, changing and encoding the old one would make."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lookalike.snapshots.parquet.writer import FileWriter
from lookalike.snapshots.splicing import splice_table
from lookalike.tables.encodings import table_columns, table_sorting
from lookalike.tables.schemas import SCHEMAS

from lookalike.errors import SnapshotError
from lookalike.outputs.entries import FileEntry, check_file
from lookalike.outputs.layout import data_path
from lookalike.snapshots import splicing
from lookalike.snapshots.datafiles import write_table
from tests.examples import examples

OLD, NEW = "20261123T150102Z-1a2b3c", "20261124T150102Z-1a2b3c"
TABLES = ["members", "account_hashtags", "pairs", "lookalikes", "accounts"]

Rows = npt.NDArray[np.int64]


def some_rows(table: str, rows: int, seed: int) -> pa.Table:
    """Rows whose first column is sorted, with as many equal values as real ones have; nulls where they may be."""
    rng = np.random.default_rng(seed)
    arrays = []
    for number, field in enumerate(SCHEMAS[table]):
        numbers = rng.integers(0, rng.choice([1, 3, max(1, rows // 5), 1 << 40]), rows)
        if field.type == pa.string():
            texts = [
                f"{'é' * (n % 3)}{n}" if n else "" for n in (np.sort(numbers) if not number else numbers).tolist()
            ]
            array = pa.array(texts, field.type)
        elif field.type == pa.float64():
            array = pa.array(numbers / 7)
        else:
            array = pa.array(numbers.astype(np.int32) if field.type == pa.int32() else numbers - (1 << 39)).cast(
                field.type
            )
        if field.nullable:
            array = pc.if_else(pa.array(rng.random(rows) < rng.choice([0, 0.1, 1])), None, array)
        arrays.append(array)
    return pa.table(arrays, schema=SCHEMAS[table])


def old_files(
    output: Path, table: str, parts: list[pa.Table], row_group_rows: int, by_arrow: bool
) -> list[FileEntry]:
    entries = []
    for number, rows in enumerate(parts):
        path = data_path(OLD, table, bucket=0, part=number)
        entry = write_table(output, path, SCHEMAS[table], [rows], row_group_rows)
        if by_arrow:  # as older snapshots have it
            pq.write_table(rows, output / path, row_group_size=row_group_rows, compression="none")
            entry = dataclasses.replace(entry, bytes=(output / path).stat().st_size)
        entries.append(entry)
    return entries


class Changes:
    """Rows that come, and what splice_table asks for them: each once, in order."""

    def __init__(self, new: pa.Table) -> None:
        self.new = new
        self.asked: list[tuple[int, int]] = []

    def rows_between(self, first: int, last: int) -> pa.Table:
        self.asked.append((first, last))
        return self.new.slice(first, last - first)


def changed(rows: pa.Table, removed: Rows, before: Rows, new: pa.Table) -> pa.Table:
    """The same by decoded rows."""
    kept = np.setdiff1d(np.arange(len(rows)), removed)
    order = np.insert(kept, np.searchsorted(kept, before), np.arange(len(new)) + len(rows))
    return pa.concat_tables([rows, new]).take(pa.array(order))


def read(output: Path, entry: FileEntry) -> pq.ParquetFile:
    check_file(output, entry)
    return pq.ParquetFile(output / entry.path)


def group_sizes(file: pq.ParquetFile) -> list[int]:
    return [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]


def encoded(table: str, rows: pa.Table, sizes: list[int]) -> bytes:
    """The file whose row groups have these sizes, written without splicing."""
    sink = io.BytesIO()
    writer = FileWriter(sink, table_columns(table), table_sorting(table))
    start = 0
    for size in sizes:
        writer.write_table(rows.slice(start, size))
        start += size
    writer.close()
    return sink.getvalue()


@examples(100, deadline=None)
@given(st.data())
def test_a_splice_is_what_decoding_and_encoding_would_make(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    output = tmp_path_factory.mktemp("splice")
    table = data.draw(st.sampled_from(TABLES))
    count = data.draw(st.integers(0, 90), "old rows")
    seed = data.draw(st.integers(0, 1 << 20))
    rng = np.random.default_rng(seed)
    rows = some_rows(table, count, seed)
    cut = data.draw(st.integers(0, count), "rows of the first file")
    group = data.draw(st.sampled_from([1, 4, 8, 20, 1000]), "rows of a row group")
    by_arrow = data.draw(st.booleans(), "written by Arrow")
    old = old_files(output, table, [rows.slice(0, cut), rows.slice(cut)], group, by_arrow)
    share = data.draw(st.sampled_from([0, 0.03, 0.5, 1]), "share that goes")
    removed = np.flatnonzero(rng.random(count) < share)
    if data.draw(st.booleans(), "the ends go") and count:
        removed = np.union1d(removed, [0, count - 1])
    places = data.draw(st.lists(st.integers(0, count), max_size=60), "places of rows that come")
    before = np.sort(np.array(places, np.int64))
    changes = Changes(some_rows(table, len(before), seed + 1))

    path = data_path(NEW, table, bucket=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splicing, "_BATCH_BYTES", data.draw(st.sampled_from([1, 2000, 1 << 20]), "bytes of a batch"))
        entry = splice_table(output, path, old, removed, before, changes.rows_between, group)

    expected = changed(rows, removed, before, changes.new)
    file = read(output, entry)
    assert file.read() == expected
    assert entry.rows == len(expected)
    assert max(group_sizes(file), default=0) < 2 * group
    assert [row for first, last in changes.asked for row in range(first, last)] == list(range(len(before)))
    # Row groups are canonical: nothing of how they came to be is left in their bytes.
    assert (output / path).read_bytes() == encoded(table, expected, group_sizes(file))


@pytest.mark.parametrize("by_arrow", [False, True])
def test_whole_row_groups_go_and_the_others_stay(tmp_path: Path, by_arrow: bool) -> None:
    rows = some_rows("members", 100, 3)
    old = old_files(tmp_path, "members", [rows], 10, by_arrow)
    changes = Changes(some_rows("members", 0, 2))
    removed = np.arange(20, 70)
    path = data_path(NEW, "members", bucket=0)
    entry = splice_table(tmp_path, path, old, removed, np.zeros(0, np.int64), changes.rows_between, 10)
    file = read(tmp_path, entry)
    assert group_sizes(file) == [10] * 5
    assert file.read() == pa.concat_tables([rows.slice(0, 20), rows.slice(70)])
    assert not changes.asked
    entry = splice_table(tmp_path, path, [entry], np.arange(50), np.zeros(0, np.int64), changes.rows_between, 10)
    assert (entry.rows, read(tmp_path, entry).read()) == (0, rows.slice(0, 0))


def test_many_rows_become_several_row_groups(tmp_path: Path) -> None:
    rows, new = some_rows("pairs", 20, 1), some_rows("pairs", 95, 2)
    path = data_path(NEW, "pairs", bucket=0)
    none = np.zeros(0, np.int64)
    entry = splice_table(tmp_path, path, [], none, np.zeros(95, np.int64), Changes(new).rows_between, 10)
    assert group_sizes(read(tmp_path, entry)) == [10, 11, 10, 11, 10, 11, 10, 11, 11]
    assert read(tmp_path, entry).read() == new
    old = old_files(tmp_path, "pairs", [rows], 10, by_arrow=False)
    before = np.full(95, 5)
    entry = splice_table(tmp_path, path, old, none, before, Changes(new).rows_between, 10)
    assert max(group_sizes(read(tmp_path, entry))) < 20
    assert read(tmp_path, entry).read() == changed(rows, none, before, new)


def test_rows_behind_the_last_one_join_its_row_group(tmp_path: Path) -> None:
    rows, new = some_rows("pairs", 20, 1), some_rows("pairs", 3, 2)
    old = old_files(tmp_path, "pairs", [rows], 10, by_arrow=False)
    path, none = data_path(NEW, "pairs", bucket=0), np.zeros(0, np.int64)
    entry = splice_table(tmp_path, path, old, none, np.full(3, 20), Changes(new).rows_between, 10)
    assert group_sizes(read(tmp_path, entry)) == [10, 13]
    assert read(tmp_path, entry).read() == pa.concat_tables([rows, new])


def test_the_least_and_greatest_key_are_those_of_the_rows_that_are_left(tmp_path: Path) -> None:
    keys = [f"{number:03d}" for number in range(30)]
    rows = some_rows("members", 30, 1).set_column(0, SCHEMAS["members"].field(0), pa.array(keys))
    old = old_files(tmp_path, "members", [rows], 10, by_arrow=False)
    removed, none = np.array([0, 9, 10, 29]), np.zeros(0, np.int64)
    path = data_path(NEW, "members", bucket=0)
    entry = splice_table(tmp_path, path, old, removed, none, Changes(rows.slice(0, 0)).rows_between, 10)
    metadata = read(tmp_path, entry).metadata
    bounds = [metadata.row_group(group).column(0).statistics for group in range(3)]
    assert [(b.min, b.max) for b in bounds] == [("001", "008"), ("011", "019"), ("020", "028")]


@pytest.mark.parametrize("table", ["members", "pairs"])
def test_a_damaged_file_is_found_or_its_rows_are_still_in_bounds(tmp_path: Path, table: str) -> None:
    rows = some_rows(table, 40, 3)
    [entry] = old_files(tmp_path, table, [rows], 20, by_arrow=False)
    whole = (tmp_path / entry.path).read_bytes()
    path = data_path(NEW, table, bucket=0)
    removed, before = np.array([5, 33]), np.array([1, 40])
    found = 0
    for position in range(0, len(whole), 11):
        flipped = bytes([*whole[:position], whole[position] ^ 1 << position % 8, *whole[position + 1 :]])
        (tmp_path / entry.path).write_bytes(flipped)
        changes = Changes(some_rows(table, 2, 4))
        try:  # the checksum of the manifest tells every change; here is only asked for nothing worse
            splice_table(tmp_path, path, [entry], removed, before, changes.rows_between, 20)
        except SnapshotError:
            found += 1
    assert found > 50
    (tmp_path / entry.path).write_bytes(whole[:-1])
    with pytest.raises(SnapshotError, match="the manifest says"):
        splice_table(tmp_path, path, [entry], removed, before, Changes(some_rows(table, 2, 4)).rows_between, 20)


def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    rows = some_rows("pairs", 10, 1)
    old = old_files(tmp_path, "pairs", [rows], 10, by_arrow=False)
    path = data_path(NEW, "pairs", bucket=0)
    none, one = np.zeros(0, np.int64), np.zeros(1, np.int64)

    def splice(removed: Rows, before: Rows, new: Any) -> None:
        splice_table(tmp_path, path, old, removed, before, lambda *_: new)

    with pytest.raises(SnapshotError, match="2 rows come where 1 were to"):
        splice(none, one, rows.slice(0, 2))
    with pytest.raises(SnapshotError, match="column 'distance' is missing"):
        splice(none, one, rows.slice(0, 1).drop_columns("distance"))
    with pytest.raises(SnapshotError, match="'hashtag' holds nulls"):
        splice(none, one, rows.slice(0, 1).set_column(0, "hashtag", pa.array([None], pa.string())))
    with pytest.raises(SnapshotError, match="row 10 is to go, and there are 10"):
        splice(np.array([10]), none, rows)
    with pytest.raises(SnapshotError, match="before row 11, and there are 10"):
        splice(none, np.array([11]), rows)
    old = [dataclasses.replace(old[0], rows=11)]
    with pytest.raises(SnapshotError, match="has 10 rows, the manifest says 11"):
        splice(none, none, rows)
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()] == [old[0].path]

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import blake3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.exchange.flushed import Flushed
from lookalike.errors import SnapshotError
from lookalike.outputs.durable import flushed_behind
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import data_path
from lookalike.snapshots import datafiles
from lookalike.snapshots.datafiles import TableWriter, write_table
from lookalike.tables import HASHTAGS, MEMBERS, TABLES

from .samples import make_sample

ID = "20261123T150102Z-1a2b3c"
PATH = data_path(ID, "hashtags")


def hashtags(*keys: str) -> pa.Table:
    rows = [{"hashtag": key, "display": key, "posts": 1, "members": 1, "pairs": 0} for key in keys]
    return pa.Table.from_pylist(rows, schema=HASHTAGS.schema)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_entry_says_what_is_on_the_disk(tmp_path: Path) -> None:
    table = hashtags("a", "b", "c")
    entry = write_table(tmp_path, PATH, iter(table.to_batches(max_chunksize=1)))
    data = (tmp_path / PATH).read_bytes()
    checksum = f"blake3:{blake3.blake3(data).hexdigest()}"
    assert entry == FileEntry(path=PATH, table="hashtags", bucket=None, rows=3, bytes=len(data), checksum=checksum)
    assert pq.ParquetFile(tmp_path / PATH).read() == table
    assert files(tmp_path) == [PATH]


@pytest.mark.parametrize("batch", [1, 7, 10, 1000])
def test_row_groups_do_not_depend_on_the_size_of_the_batches(tmp_path: Path, batch: int) -> None:
    table = hashtags(*(f"{number:03d}" for number in range(95)))
    write_table(tmp_path, PATH, table.to_batches(max_chunksize=batch), row_group_rows=10)
    file = pq.ParquetFile(tmp_path / PATH)
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert sizes == [10] * 9 + [5]
    assert file.read() == table


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    table = hashtags(*(f"{number:03d}" for number in range(95)))
    first = write_table(tmp_path, PATH, table.to_batches(max_chunksize=7), row_group_rows=10)
    again = write_table(tmp_path, PATH, [table], row_group_rows=10)
    assert first == again


def test_a_second_attempt_replaces_the_first(tmp_path: Path) -> None:
    write_table(tmp_path, PATH, [hashtags("a")])
    entry = write_table(tmp_path, PATH, [hashtags("b", "c")])
    FolderOutput(tmp_path).check_file(entry)
    assert files(tmp_path) == [PATH]


def test_no_rows_make_a_file_with_the_schema(tmp_path: Path) -> None:
    entry = write_table(tmp_path, data_path(ID, "pairs", bucket=0), [])
    assert entry.rows == 0
    assert pq.ParquetFile(tmp_path / entry.path).schema_arrow == TABLES["pairs"].schema


def test_large_strings_are_taken_and_nothing_else_is_converted(tmp_path: Path) -> None:
    columns = {name: pa.array(["x", "y"], pa.large_string()) for name in TABLES["rejects"].names}
    entry = write_table(tmp_path, data_path(ID, "rejects"), [pa.table(columns)])
    assert pq.ParquetFile(tmp_path / entry.path).read().to_pylist()[1] == dict.fromkeys(TABLES["rejects"].names, "y")
    narrow = hashtags("a").set_column(2, "posts", pa.array([1], pa.int32()))
    with pytest.raises(SnapshotError, match="'posts' is int32, not int64"):
        write_table(tmp_path, PATH, [narrow])
    empty = hashtags("a").set_column(1, "display", pa.array([None], pa.string()))
    with pytest.raises(SnapshotError, match="'display' holds nulls"):
        write_table(tmp_path, PATH, [empty])
    assert files(tmp_path) == [entry.path]


def test_a_schema_of_another_table_is_refused(tmp_path: Path) -> None:
    rows = pa.Table.from_pylist(make_sample({"a": 3}).rows("spellings"), schema=TABLES["spellings"].schema)
    with pytest.raises(SnapshotError, match="column 'display' is missing"):
        write_table(tmp_path, PATH, [rows])
    assert not files(tmp_path)


def test_a_writer_that_is_left_early_leaves_the_old_file(tmp_path: Path) -> None:
    entry = write_table(tmp_path, PATH, [hashtags("a")])

    def batches() -> Any:
        yield hashtags(*(f"{number:06d}" for number in range(40_000)))
        raise RuntimeError("the task dies")

    with pytest.raises(RuntimeError, match="the task dies"):
        write_table(tmp_path, PATH, batches())
    assert files(tmp_path) == [PATH]
    FolderOutput(tmp_path).check_file(entry)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = write_table(tmp_path, PATH, [hashtags("a")])

    class FullDisk(datafiles._HashingFile):
        def write(self, data: Any) -> int:
            if self.bytes > 1000 and not self.abandoned:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(datafiles, "_HashingFile", FullDisk)
    with pytest.raises(OSError, match="No space left on device"):
        write_table(tmp_path, PATH, [hashtags(*(f"{number:06d}" for number in range(40_000)))])
    assert files(tmp_path) == [PATH]
    FolderOutput(tmp_path).check_file(entry)


def test_a_writer_can_be_fed_piece_by_piece(tmp_path: Path) -> None:
    with TableWriter(tmp_path, PATH, 2) as writer:
        for key in "abcde":
            writer.write(hashtags(key))
        writer.write(hashtags())
        entry = writer.close()
    assert (entry.rows, files(tmp_path)) == (5, [PATH])
    assert pq.ParquetFile(tmp_path / PATH).read() == hashtags(*"abcde")


def test_a_file_says_what_a_reader_can_skip_by(tmp_path: Path) -> None:
    path = data_path(ID, "members", bucket=1)
    rows = pa.Table.from_pylist(make_sample({"a": 30, "b": 5}).members, schema=MEMBERS.schema)
    write_table(tmp_path, path, [rows], row_group_rows=8)
    group = pq.ParquetFile(tmp_path / path).metadata.row_group(3)
    assert [column.column_index for column in group.sorting_columns] == [0, 1]
    assert (group.column(0).statistics.min, group.column(0).statistics.max) == ("a", "b")


@pytest.mark.parametrize("table", ["pairs", "members"])
def test_another_reader_finds_the_same_rows(tmp_path: Path, table: str) -> None:
    sample = make_sample({"é": 40, "b": 60})
    schema = TABLES[table].schema
    rows = pa.Table.from_pylist(sample.rows(table), schema=schema)
    entry = write_table(tmp_path, data_path(ID, table, bucket=0), [rows], row_group_rows=16)
    with duckdb.connect() as connection:
        file = str(tmp_path / entry.path)
        query = "select * from read_parquet(?, hive_partitioning = false, file_row_number = true)"
        found = connection.sql(query, params=[file]).to_arrow_table()
    by_row = found.sort_by("file_row_number").drop_columns("file_row_number")
    assert by_row.to_pylist() == rows.to_pylist()
    assert by_row.schema.names == schema.names


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../../etc/passwd"},
        {"table": "pairs"},
        {"bucket": 3},
        {"rows": -1},
        {"bytes": 0},
        {"checksum": "blake3:" + "A" * 64},
        {"checksum": "blake3:" + "a" * 63},
        {"checksum": "a" * 64},
        {"checksum": "md5:" + "a" * 64},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    entry = FileEntry(path=PATH, table="hashtags", bucket=None, rows=1, bytes=1, checksum="blake3:" + "a" * 64)
    with pytest.raises(SnapshotError):
        replace(entry, **change)


@pytest.mark.parametrize("kind", ["blake3", "sha256"])
def test_a_damaged_file_is_found(tmp_path: Path, kind: str) -> None:
    entry = write_table(tmp_path, PATH, [hashtags("a", "b")])
    whole = (tmp_path / PATH).read_bytes()
    if kind == "sha256":  # as files of the first versions have it
        entry = replace(entry, checksum=f"sha256:{hashlib.sha256(whole).hexdigest()}")
    FolderOutput(tmp_path).check_file(entry)
    for position in range(0, len(whole), 37):
        flipped = bytes([*whole[:position], whole[position] ^ 1, *whole[position + 1 :]])
        (tmp_path / PATH).write_bytes(flipped)
        with pytest.raises(SnapshotError, match="checksum"):
            FolderOutput(tmp_path).check_file(entry)
    (tmp_path / PATH).write_bytes(whole[:-1])
    with pytest.raises(SnapshotError, match=f"has {len(whole) - 1} bytes, the manifest says {len(whole)}"):
        FolderOutput(tmp_path).check_file(entry)
    (tmp_path / PATH).unlink()
    with pytest.raises(SnapshotError, match="No such file"):
        FolderOutput(tmp_path).check_file(entry)


class TestFlushedBehind:
    def test_all_files_are_on_the_disk_when_the_context_ends(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flushed: list[int] = []
        monkeypatch.setattr(os, "fsync", lambda number: flushed.append(os.fstat(number).st_size))
        with flushed_behind():
            entries = [
                write_table(tmp_path, data_path(ID, "hashtags", part=part), [hashtags("a" * part)])
                for part in range(1, 6)
            ]
        assert flushed == [entry.bytes for entry in entries]

    def test_a_full_disk_is_told_of_at_the_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="No space left"), flushed_behind():
            write_table(tmp_path, PATH, [hashtags("a")])
        monkeypatch.undo()
        write_table(tmp_path, PATH, [hashtags("a")])  # at once again

    def test_a_stage_reports_when_its_files_are_on_the_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flushed: list[int] = []
        monkeypatch.setattr(os, "fsync", flushed.append)

        def stage(parts: Iterable[int]) -> Iterator[FileEntry]:
            for part in parts:
                yield write_table(tmp_path, data_path(ID, "hashtags", part=part), [hashtags("a")])

        reports = Flushed(stage)(range(4))
        next(reports)
        assert len(flushed) == 4

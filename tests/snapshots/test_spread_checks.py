"""What the check before publishing refuses of tables of several generations."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from lookalike.errors import SnapshotError
from lookalike.outputs.buckets import bucket_of
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.publisher import begin
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import TABLES

from .publishing import make_manifest, write_files
from .samples import make_sample

TWO_LEVELS = pytest.mark.parametrize("table", ["members", "account_hashtags"])


def published(output: Path, change: Callable[[list[FileEntry]], list[FileEntry]], **changes: Any) -> None:
    """Publish a sample of three generations, its entries changed."""
    sample = make_sample({"a": 1, "b": 12, "big": 120, "c": 2, "d": 13}, buckets=2)
    with begin(output) as publication:
        files = change(write_files(publication, sample, row_group_rows=16, generations=3))
        publication.publish(make_manifest(publication.id, sample, files, **{"generation": 2} | changes))


def one_of(files: list[FileEntry], table: str, bucket: int, *, generation: int) -> FileEntry:
    (found,) = (file for file in files if (file.table, file.bucket, file.generation) == (table, bucket, generation))
    return found


def changed(files: list[FileEntry], *pairs: tuple[FileEntry, dict[str, Any]]) -> list[FileEntry]:
    other = {entry.path: dataclasses.replace(entry, **values) for entry, values in pairs}
    return [other.get(entry.path, entry) for entry in files]


def test_generations_that_are_right_go_live(tmp_path: Path) -> None:
    published(tmp_path, lambda files: files)
    snapshot = Snapshot.open(FolderOutput(tmp_path))
    assert snapshot.stored("members", bucket_of("big", 2)).generations == 3
    assert snapshot.manifest.generation == 2
    assert sum(entry.replaces for entry in snapshot.manifest.files) > 50


@TWO_LEVELS
def test_a_wrong_count_of_replaced_rows_never_goes_live(tmp_path: Path, table: str) -> None:
    def one_more(files: list[FileEntry]) -> list[FileEntry]:
        newest = one_of(files, table, 0, generation=2)
        return changed(files, (newest, {"replaces": newest.replaces - 1}))

    def moved(files: list[FileEntry]) -> list[FileEntry]:
        """The sum is right, no bucket is."""
        one, other = (one_of(files, table, bucket, generation=2) for bucket in (0, 1))
        return changed(files, (one, {"replaces": one.replaces - 1}), (other, {"replaces": other.replaces + 1}))

    with pytest.raises(ValidationError, match=f"rows of {table} do not reconcile"):
        published(tmp_path, one_more)
    with pytest.raises(SnapshotError, match=f"{table}: not as many rows as"):
        published(tmp_path, moved)
    assert not (tmp_path / "CURRENT").exists()


@TWO_LEVELS
def test_a_row_that_is_missing_never_goes_live(tmp_path: Path, table: str) -> None:
    def shorter(files: list[FileEntry]) -> list[FileEntry]:
        """One row that counts is gone, and the manifest says so."""
        newest = one_of(files, table, 0, generation=2)
        rows = pq.read_table(tmp_path / newest.path)
        entry = write_table(tmp_path, newest.path, [rows.slice(1)], 16)
        return changed(files, (newest, {"rows": entry.rows, "bytes": entry.bytes, "checksum": entry.checksum}))

    with pytest.raises(ValidationError, match=f"rows of {table} do not reconcile"):
        published(tmp_path, shorter)

    assert not (tmp_path / "CURRENT").exists()


@TWO_LEVELS
@pytest.mark.parametrize("generation", [0, 1, 2])
def test_a_key_in_the_wrong_bucket_never_goes_live(tmp_path: Path, table: str, generation: int) -> None:
    def moved(files: list[FileEntry]) -> list[FileEntry]:
        entry = one_of(files, table, 0, generation=generation)
        rows = pq.read_table(tmp_path / entry.path)
        key = rows.column(0).combine_chunks()
        other = next(f"{key[0].as_py()}{n}" for n in range(99) if bucket_of(f"{key[0].as_py()}{n}", 2))
        texts = [other if text == key[0].as_py() else text for text in key.to_pylist()]
        rows = rows.set_column(0, TABLES[table].schema.field(0), pa.array(texts))
        written = write_table(tmp_path, entry.path, [rows], 16)
        return changed(files, (entry, {"bytes": written.bytes, "checksum": written.checksum}))

    with pytest.raises(SnapshotError, match=f"{table}: rows out of order or in the wrong bucket"):
        published(tmp_path, moved)
    assert not (tmp_path / "CURRENT").exists()


def test_a_file_of_a_later_generation_than_the_snapshot_never_goes_live(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="is of generation 2, the snapshot of 1"):
        published(tmp_path, lambda files: files, generation=1)


def test_generations_of_pairs_never_go_live(tmp_path: Path) -> None:
    sample = make_sample({"a": 20, "b": 30}, buckets=1)
    with begin(tmp_path) as publication:
        files = write_files(publication, sample, row_group_rows=16, parts=2)
        first = next(entry for entry in files if entry.table == "pairs")
        files = changed(files, (first, {"generation": 1}))
        with pytest.raises(SnapshotError, match="pairs has no generations, the manifest lists several"):
            publication.publish(make_manifest(publication.id, sample, files, generation=1))
    assert not (tmp_path / "CURRENT").exists()


@TWO_LEVELS
def test_rows_of_another_generation_than_the_manifest_says_never_go_live(tmp_path: Path, table: str) -> None:
    def other(files: list[FileEntry]) -> list[FileEntry]:
        """Other readers go by the rows, the service by the manifest."""
        entry = one_of(files, table, 0, generation=2)
        rows = pq.read_table(tmp_path / entry.path).to_pylist()
        rows[-1]["generation"] = 1
        written = write_table(tmp_path, entry.path, [pa.Table.from_pylist(rows, TABLES[table].schema)], 16)
        return changed(files, (entry, {"bytes": written.bytes, "checksum": written.checksum}))

    with pytest.raises(SnapshotError, match="rows of another generation than its own"):
        published(tmp_path, other)
    assert not (tmp_path / "CURRENT").exists()

import json
import os
from pathlib import Path

import pytest

from lookalike.errors import SnapshotError, UsageError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.pointer import Pointer
from lookalike.snapshots.publisher import Publication, begin
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .old_and_new import NEW, OLD, assert_live_is_whole, folders, temporaries
from .publishing import make_manifest, publish_on, publish_sample, write_files


def test_publishing_makes_a_snapshot_live_and_keeps_the_old_one(tmp_path: Path) -> None:
    output = tmp_path / "made" / "on the way"
    old = publish_sample(output, OLD)
    assert FolderOutput(output).live() == old.manifest.id
    new = publish_sample(output, NEW)
    assert (output / "CURRENT").read_bytes() == Pointer.to(new.manifest.id, new.manifest.dump()).line()
    assert folders(output) == sorted([old.manifest.id, new.manifest.id])
    assert assert_live_is_whole(output, old.manifest.id)
    validate(old)
    assert not temporaries(output)


def test_nobody_sees_a_snapshot_before_it_is_published(tmp_path: Path) -> None:
    with begin(tmp_path) as publication:
        files = write_files(publication, NEW, row_group_rows=16)
        with pytest.raises(SnapshotError, match="no snapshot has been published"):
            FolderOutput(tmp_path).live()
        publication.publish(make_manifest(publication.id, NEW, files))
    assert FolderOutput(tmp_path).live() == publication.id


def test_no_run_begins_that_could_not_switch_because_current_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").mkdir()
    with pytest.raises(UsageError, match=r"CURRENT: is a folder, and would have to be a file; remove it$"):
        begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["CURRENT"]


def test_only_listed_files_are_published(tmp_path: Path) -> None:
    def leave_things(publication: Publication) -> None:
        (publication.work / "spill").mkdir()
        (publication.work / "spill" / "blob").write_bytes(b"x")
        (publication.work.parent / "pairs" / "bucket=000" / ".part-00000.parquet.0123.tmp").write_bytes(b"x")
        (publication.work.parent / "pairs" / "bucket=000" / "part-00009.parquet").write_bytes(b"x")

    snapshot = publish_sample(tmp_path, NEW, spoil=leave_things)
    folder = tmp_path / "snapshots" / snapshot.manifest.id
    found = {str(path.relative_to(tmp_path)) for path in folder.rglob("*") if path.is_file()}
    listed = {entry.path for entry in snapshot.manifest.files}
    assert found == listed | {f"snapshots/{snapshot.manifest.id}/manifest.json"}
    assert not (folder / "work").exists()


def test_an_abandoned_run_leaves_nothing(tmp_path: Path) -> None:
    old = publish_sample(tmp_path, OLD).manifest.id

    def fail(_: Publication) -> None:
        raise RuntimeError("a stage dies")

    with pytest.raises(RuntimeError, match="a stage dies"):
        publish_sample(tmp_path, NEW, spoil=fail)
    assert folders(tmp_path) == [old]
    assert not assert_live_is_whole(tmp_path, old)
    with begin(tmp_path) as publication:
        publication.abort()
        publication.abort()
    assert folders(tmp_path) == [old]


def test_the_manifest_of_another_snapshot_is_not_published(tmp_path: Path) -> None:
    old = publish_sample(tmp_path, OLD)
    with begin(tmp_path) as publication, pytest.raises(SnapshotError, match="does not belong here"):
        publication.publish(old.manifest)
    assert folders(tmp_path) == [old.manifest.id]


def test_a_folder_that_a_manifest_names_files_of_is_never_removed(tmp_path: Path) -> None:
    first = publish_sample(tmp_path, NEW)
    with begin(tmp_path) as publication:  # a snapshot that names the first one's files instead of copying them
        publication.publish(make_manifest(publication.id, NEW, first.manifest.files))
    (tmp_path / "snapshots" / first.manifest.id / "manifest.json").unlink()
    unnamed = tmp_path / "snapshots" / "20200101T000000Z-000000"
    unnamed.mkdir()
    begin(tmp_path).__exit__(None, None, None)
    assert not unnamed.exists()
    validate(Snapshot.open(FolderOutput(tmp_path)))


def test_of_a_folder_without_a_manifest_the_named_files_stay(tmp_path: Path) -> None:
    first = publish_on(1, tmp_path, OLD)
    second = publish_on(2, tmp_path, NEW, naming=first)  # which has in common what no hashtag stands in
    folder = tmp_path / "snapshots" / first.manifest.id
    (folder / "manifest.json").unlink()
    with begin(tmp_path):
        shared = {entry.path for entry in second.manifest.files if entry.snapshot == first.manifest.id}
        assert {str(path.relative_to(tmp_path)) for path in folder.rglob("*") if path.is_file()} == shared
        assert {path.name for path in folder.iterdir()} == {"rejects", "post_index", "unknown_posts"}
    validate(Snapshot.open(FolderOutput(tmp_path)))


def age(path: Path) -> None:
    """Make a folder or file look as if it had last changed in 1970."""
    os.utime(path, (0, 0))


def test_a_switch_notes_until_when_a_snapshot_was_live_and_changes_nothing_else(tmp_path: Path) -> None:
    one, two, three = (publish_on(day, tmp_path, OLD).manifest.id for day in (1, 2, 3))
    folder = tmp_path / "snapshots"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in (folder / one, folder / two, folder / three, tmp_path / "CURRENT"):
        age(path)
    FolderOutput(tmp_path).make_live(two)
    assert FolderOutput(tmp_path).live() == two
    assert [FolderOutput(tmp_path).live_until(snapshot, two) > 0 for snapshot in (one, three)] == [False, True]
    FolderOutput(tmp_path).make_live(one)
    assert FolderOutput(tmp_path).live_until(two, one) > 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_whatever_can_have_been_live_is_noted_after_current_was_edited(tmp_path: Path) -> None:
    one, two, three = (publish_on(day, tmp_path, OLD).manifest.id for day in (1, 2, 3))
    for current in (f"{one}\n", "damaged", "20200101T000000Z-000000\n"):
        for snapshot in (one, two, three):
            age(tmp_path / "snapshots" / snapshot)
        (tmp_path / "CURRENT").write_text(current)
        if one in current:
            assert all(FolderOutput(tmp_path).live_until(snapshot, one) > 0 for snapshot in (two, three))
        FolderOutput(tmp_path).make_live(three)
        assert all((tmp_path / "snapshots" / snapshot).stat().st_mtime > 0 for snapshot in (one, two, three))


def test_nothing_is_removed_while_a_manifest_cannot_be_read(tmp_path: Path) -> None:
    old = publish_sample(tmp_path, OLD).manifest.id
    dead = tmp_path / "snapshots" / "20200101T000000Z-000000"
    dead.mkdir()
    manifest = tmp_path / "snapshots" / old / "manifest.json"
    text = manifest.read_text()
    for other in ("{", "[]", json.dumps({"files": [{"place": "elsewhere"}]}), json.dumps({"files": [{"path": "x"}]})):
        manifest.write_text(other)
        with begin(tmp_path):
            assert dead.exists()
    manifest.write_text(text)
    with begin(tmp_path):
        assert not dead.exists()


def test_a_folder_that_current_names_is_never_removed(tmp_path: Path) -> None:
    live = tmp_path / "snapshots" / publish_sample(tmp_path, OLD).manifest.id
    (live / "manifest.json").unlink()
    with begin(tmp_path):
        assert (live / "pairs").exists()


def test_what_is_no_snapshot_is_left_alone(tmp_path: Path) -> None:
    kept = [tmp_path / "snapshots" / name for name in ("notes", "lost+found", "20200101T000000Z-000000.bak")]
    for folder in kept:
        folder.mkdir(parents=True)
    with begin(tmp_path):
        assert all(folder.exists() for folder in kept)


def test_an_output_that_cannot_be_written_to_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written to: Not a directory"):
        begin(tmp_path / "file" / "output")
    with pytest.raises(UsageError, match="cannot be written to: File exists"):
        begin(tmp_path / "file")


def test_the_lock_is_held_until_the_publication_is_left(tmp_path: Path) -> None:
    with begin(tmp_path) as publication:
        files = write_files(publication, NEW, row_group_rows=16)
        with pytest.raises(Exception, match="another run holds the output"):
            begin(tmp_path)
        publication.publish(make_manifest(publication.id, NEW, files))
        with pytest.raises(Exception, match="another run holds the output"):
            begin(tmp_path)
    with begin(tmp_path):
        pass


def test_a_data_path_lies_in_the_snapshot(tmp_path: Path) -> None:
    with begin(tmp_path) as publication:
        path = publication.data_path("pairs", bucket=1)
        assert path == f"snapshots/{publication.id}/pairs/bucket=001/part-00000.parquet"
        assert publication.work.parent == tmp_path / "snapshots" / publication.id

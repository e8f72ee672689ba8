import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from lookalike.errors import SnapshotError, UsageError
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.publisher import Publication, begin
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .dying import STEPS, Failing, KilledError
from .samples import make_manifest, make_sample, publish_on, publish_sample, write_files

OLD = make_sample({"a": 5, "old": 12}, buckets=1)
NEW = make_sample({"a": 9, "new": 12}, buckets=1, seed=2)


def folders(output: Path) -> list[str]:
    return sorted(path.name for path in (output / "snapshots").iterdir())


def temporaries(output: Path) -> list[Path]:
    return [path for path in output.rglob("*") if path.suffix == ".tmp" or path.name.endswith(".unchecked")]


def assert_live_is_whole(output: Path, old: str) -> bool:
    """CURRENT names the old snapshot or all of the new one; return whether it is the new."""
    live = Snapshot.open(FolderOutput(output))
    validate(live)
    is_new = live.manifest.id != old
    sample = NEW if is_new else OLD
    assert live.members("a").to_pylist() == sample.expected_members("a")
    assert (live.hashtag("new") is not None) == is_new
    return is_new


def test_publishing_makes_a_snapshot_live_and_keeps_the_old_one(tmp_path: Path) -> None:
    output = tmp_path / "made" / "on the way"
    old = publish_sample(output, OLD)
    assert FolderOutput(output).live() == old.manifest.id
    new = publish_sample(output, NEW)
    assert (output / "CURRENT").read_text() == new.manifest.id + "\n"
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


def test_only_listed_files_are_published(tmp_path: Path) -> None:
    def leave_things(publication: Publication) -> None:
        (publication.work / "spill").mkdir()
        (publication.work / "spill" / "blob").write_bytes(b"x")
        (publication.folder / "pairs" / "bucket=000" / ".part-00000.parquet.0123.tmp").write_bytes(b"x")
        (publication.folder / "pairs" / "bucket=000" / "part-00009.parquet").write_bytes(b"x")

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


def attempt(output: Path) -> BaseException | None:
    """Publish the new sample; return what stopped it."""
    try:
        publish_sample(output, NEW)
    except (KilledError, OSError, UsageError) as error:
        return error
    return None


def test_a_run_killed_at_any_step_leaves_the_live_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output, template = tmp_path / "output", tmp_path / "template"
    old = publish_sample(template, OLD).manifest.id
    published = 0
    for passes in count():
        shutil.copytree(template, output)
        with monkeypatch.context() as patch:
            steps = Failing(patch, passes, KilledError(), only=STEPS)
            stopped = attempt(output)
        assert (stopped is not None) == steps.failed
        published += assert_live_is_whole(output, old)
        # The next run clears away what the dead one left, but no snapshot that was whole.
        with begin(output):
            pass
        assert not temporaries(output)
        for name in folders(output):
            validate(Snapshot.open(FolderOutput(output), name))
        shutil.rmtree(output)
        if not steps.failed:
            break
    assert passes > 30
    assert 1 <= published <= 3  # the end of the loop, and a death after the switch


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["disk full", "disk broken"])
def test_a_failure_at_any_step_is_raised_and_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    output, template = tmp_path / "output", tmp_path / "template"
    old = publish_sample(template, OLD).manifest.id
    for passes in count():
        shutil.copytree(template, output)
        failure = OSError(error, os.strerror(error))
        with monkeypatch.context() as patch:
            steps = Failing(patch, passes, failure, only=("fsync", "replace", "rename"))
            stopped = attempt(output)
        assert (stopped is not None) == steps.failed
        assert stopped is None or os.strerror(error) in str(stopped)
        if not assert_live_is_whole(output, old):
            assert folders(output) == [old]
        assert not temporaries(output)
        shutil.rmtree(output)
        if not steps.failed:
            break
    assert passes > 20


KILLED_RUN = """
import os, pathlib, signal, sys
from lookalike.snapshots.publisher import begin
publication = begin(pathlib.Path(sys.argv[1]))
(publication.folder / "pairs").mkdir()
(publication.folder / "pairs" / "half").write_bytes(bytes(1000))
(publication.work / "blob").write_bytes(bytes(1000))
print(publication.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed_by_the_next_run(tmp_path: Path) -> None:
    old = publish_sample(tmp_path, OLD).manifest.id
    command = [sys.executable, "-c", KILLED_RUN, str(tmp_path)]
    dead = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert dead.returncode == -signal.SIGKILL
    assert folders(tmp_path) == sorted([old, dead.stdout.strip()])
    (tmp_path / ".CURRENT.0123.tmp").write_text("half")
    with begin(tmp_path) as publication:
        assert folders(tmp_path) == sorted([old, publication.id])
        assert not temporaries(tmp_path)
    assert not assert_live_is_whole(tmp_path, old)


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


def test_a_publication_given_up_when_it_was_whole_never_looks_so_while_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = publish_sample(tmp_path, OLD).manifest.id
    full = OSError(errno.ENOSPC, "full")
    monkeypatch.setattr(FolderOutput, "make_live", lambda *_: (_ for _ in ()).throw(full))
    for passes in count():
        with monkeypatch.context() as patch:
            steps = Failing(patch, 10**9, KilledError(), only=("unlink", "rmdir"))
            patch.setattr(Publication, "abort", dying_in(Publication.abort, steps, passes))
            stopped = attempt(tmp_path)
        assert isinstance(stopped, KilledError if steps.failed else OSError)
        for name in folders(tmp_path):
            if (tmp_path / "snapshots" / name / "manifest.json").exists():
                validate(Snapshot.open(FolderOutput(tmp_path), name))
        if not steps.failed:
            break
    assert passes > 10
    assert not assert_live_is_whole(tmp_path, old)


def test_a_publication_whose_manifest_cannot_be_removed_keeps_all_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = publish_sample(tmp_path, OLD).manifest.id
    error = OSError(errno.EIO, "broken")
    with monkeypatch.context() as patch:
        patch.setattr(FolderOutput, "make_live", lambda *_: (_ for _ in ()).throw(error))
        steps = Failing(patch, 10**9, error, only=("unlink",))
        patch.setattr(Publication, "abort", dying_in(Publication.abort, steps, 0))
        assert attempt(tmp_path) is error
        assert steps.failed
    (new,) = set(folders(tmp_path)) - {old}
    validate(Snapshot.open(FolderOutput(tmp_path), new))
    assert not assert_live_is_whole(tmp_path, old)


def dying_in(function: Callable[[Publication], None], steps: Failing, passes: int) -> Callable[[Publication], None]:
    """The function, in which so many steps pass before its process dies."""

    def call(publication: Publication) -> None:
        steps.left = passes
        function(publication)

    return call


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
        assert publication.work.parent == publication.folder == tmp_path / "snapshots" / publication.id

"""The commands that change an output folder."""

import os
from pathlib import Path

import pytest

from lookalike.errors import OutputLockedError, SnapshotError, UsageError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.lock import OutputLock
from lookalike.outputs.pointer import Pointer
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .commands import Command, Ran, split
from .publishing import publish_on
from .samples import make_sample

SAMPLE = make_sample({"a": 5, "b": 8}, buckets=1, accounts=20)
OTHER = make_sample({"a": 6}, buckets=2, accounts=20, seed=2)


def test_rollback_goes_to_the_snapshot_made_before_the_live_one(command: Command, tmp_path: Path) -> None:
    first, second, third = (publish_on(day, tmp_path, SAMPLE) for day in (1, 2, 3))
    ran = command("rollback", tmp_path)
    files = f"all {len(second.manifest.files)} files are there with the right size"
    assert ran == Ran(
        0,
        [
            f"{second.manifest.id} is live, made 2026-11-02 12:00:00 UTC; {files}",
            f"{third.manifest.id} was live before",
        ],
        "",
    )
    assert (tmp_path / "CURRENT").read_bytes() == Pointer.to(second.manifest.id, second.manifest.dump()).line()
    command("rollback", tmp_path)
    assert FolderOutput(tmp_path).live() == first.manifest.id
    ran = command("rollback", tmp_path)
    assert (ran.code, FolderOutput(tmp_path).live()) == (UsageError.exit_code, first.manifest.id)
    assert "no snapshot is older" in ran.errors
    assert command("rollback", tmp_path, third.manifest.id).code == 0  # and forward again
    assert command("rollback", tmp_path, third.manifest.id).errors.endswith("is live already\n")
    validate(Snapshot.open(FolderOutput(tmp_path)))


@pytest.mark.parametrize("current", [None, "", "gone"])
def test_rollback_to_a_named_snapshot_mends_current(command: Command, tmp_path: Path, current: str | None) -> None:
    snapshot = publish_on(1, tmp_path, SAMPLE).manifest.id
    (tmp_path / "CURRENT").unlink()
    if current is not None:
        (tmp_path / "CURRENT").write_text(current)
    assert command("rollback", tmp_path).code == SnapshotError.exit_code
    assert command("rollback", tmp_path, snapshot).lines[1:] == ["no snapshot was live before"]
    assert FolderOutput(tmp_path).live() == snapshot


@pytest.mark.parametrize("damage", ["gone", "short", "manifest", "no manifest"])
def test_rollback_refuses_a_snapshot_that_is_not_whole(command: Command, tmp_path: Path, damage: str) -> None:
    first = publish_on(1, tmp_path, SAMPLE)
    second = publish_on(2, tmp_path, OTHER, naming=first)
    third = publish_on(3, tmp_path, OTHER)
    shared = next(tmp_path / entry.path for entry in second.manifest.files if entry.snapshot == first.manifest.id)
    manifest = tmp_path / "snapshots" / second.manifest.id / "manifest.json"
    if damage == "gone":
        shared.unlink()
    elif damage == "short":
        shared.write_bytes(b"PAR1")
    elif damage == "manifest":
        manifest.write_text("{}")
    else:
        manifest.unlink()
    ran = command("rollback", tmp_path, second.manifest.id)
    assert (ran.code, ran.lines) == (SnapshotError.exit_code, [])
    assert str(manifest if "manifest" in damage else shared) in ran.errors
    assert FolderOutput(tmp_path).live() == third.manifest.id


def test_a_pin_is_set_and_taken_away_any_number_of_times(command: Command, tmp_path: Path) -> None:
    first = publish_on(1, tmp_path, SAMPLE).manifest.id
    publish_on(2, tmp_path, OTHER)
    for day in (3, 4):
        assert command("pin", tmp_path, first) == Ran(0, [f"{first} is pinned"], "")
        publish_on(day, tmp_path, OTHER)
        assert FolderOutput(tmp_path).is_pinned(first)
    command("prune", tmp_path, "--keep", 1, "--grace", 0)
    assert len(FolderOutput(tmp_path).published()) == 2
    for _ in range(2):
        assert command("unpin", tmp_path, first) == Ran(0, [f"{first} is not pinned"], "")
        assert not FolderOutput(tmp_path).is_pinned(first)
    (tmp_path / "snapshots" / first / "pinned").mkdir()  # whatever stands there is a pin
    command("prune", tmp_path, "--keep", 1, "--grace", 0)
    assert first in FolderOutput(tmp_path).published()


def test_prune_tells_what_it_removes_and_frees(command: Command, tmp_path: Path) -> None:
    first = publish_on(1, tmp_path, SAMPLE)
    second = publish_on(2, tmp_path, OTHER, naming=first)
    third = publish_on(3, tmp_path, OTHER, naming=first)
    shared = sum(entry.bytes for entry in third.manifest.files if entry.snapshot == first.manifest.id)
    arguments = ("prune", tmp_path, "--keep", 1, "--keep-days", 1, "--grace")
    assert split(command(*arguments, 3600).lines[:3]) == [
        [third.manifest.id, "kept: live"],
        [second.manifest.id, "kept: live within 3,600 seconds"],
        [first.manifest.id, "kept: live within 3,600 seconds"],
    ]
    before = bytes_below(tmp_path)
    dry = command(*arguments, 0, "--dry-run")
    assert bytes_below(tmp_path) == before
    wet = command(*arguments, 0)
    freed = before - bytes_below(tmp_path)
    assert (dry.code, wet.code) == (0, 0)
    assert wet.lines == [
        f"{third.manifest.id}  kept: live",
        f"{second.manifest.id}  removed",
        f"{first.manifest.id}  removed",
        "",
        f"2 of 3 snapshots removed, {freed:,} bytes freed",
        f"{shared:,} bytes of them stay, because kept snapshots use these files",
    ]
    assert dry.lines[1] == f"{second.manifest.id}  would be removed"
    assert dry.lines[4:] == [f"2 of 3 snapshots would be removed, {freed:,} bytes would be freed", wet.lines[5]]
    assert command(*arguments, 0).lines[1:] == ["", "0 of 1 snapshot removed, 0 bytes freed"]


def bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


@pytest.mark.parametrize("name", ["rollback", "pin", "unpin", "prune"])
def test_what_changes_the_folder_needs_its_lock(command: Command, tmp_path: Path, name: str) -> None:
    first = publish_on(1, tmp_path, SAMPLE).manifest.id
    publish_on(2, tmp_path, SAMPLE)
    arguments = [name, tmp_path, *(["--keep", 1, "--grace", 0] if name == "prune" else [first])]
    with OutputLock(tmp_path):
        ran = command(*arguments)
    assert (ran.code, ran.lines) == (OutputLockedError.exit_code, [])
    assert "another run holds the output" in ran.errors
    assert command(*arguments).code == 0


def test_a_disk_that_refuses_is_an_error_in_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_on(1, tmp_path, SAMPLE)
    publish_on(2, tmp_path, SAMPLE)

    def refuse(path: str, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "unlink", refuse)
    ran = command("prune", tmp_path, "--keep", 1, "--grace", 0)
    assert (ran.code, ran.lines) == (1, [])
    assert ran.errors.endswith("manifest.json: Permission denied\n")

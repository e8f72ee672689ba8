"""Symbolic links in an output: nothing behind one is changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lookalike.errors import SnapshotError, UsageError
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.publisher import Publication, begin
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .commands import Command
from .old_and_new import NEW, OLD
from .publishing import make_manifest, publish_on, publish_sample, write_files

DEAD = "20200101T000000Z-000000"
Links = Callable[[Path, Path], None]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is no part of the output, with files as a snapshot has them."""
    folder = tmp_path / "outside"
    (folder / "pairs" / "bucket=000").mkdir(parents=True)
    for path in ("pairs/bucket=000/part-00000.parquet", "pairs/part", "manifest.json", "pinned", "notes"):
        (folder / path).write_text("x")
    return folder


def states(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder, with its size and time of change."""
    found = (folder, *folder.rglob("*"))
    return {str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in found}


def link_a_file(dead: Path, outside: Path) -> None:
    (dead / "pairs").mkdir()
    (dead / "pairs" / "part-00000.parquet").symlink_to(outside / "notes")


def link_a_bucket(dead: Path, outside: Path) -> None:
    (dead / "pairs").mkdir()
    (dead / "pairs" / "bucket=000").symlink_to(outside / "pairs" / "bucket=000")


def link_a_table(dead: Path, outside: Path) -> None:
    (dead / "pairs").symlink_to(outside / "pairs")


def link_nothing(dead: Path, outside: Path) -> None:
    (dead / "pairs").symlink_to(outside / "gone")


each_link = pytest.mark.parametrize("link", [link_a_file, link_a_bucket, link_a_table, link_nothing])


@each_link
def test_of_a_dead_run_links_are_removed_as_links(tmp_path: Path, outside: Path, link: Links) -> None:
    dead = tmp_path / "out" / "snapshots" / DEAD
    dead.mkdir(parents=True)
    link(dead, outside)
    before = states(outside)
    with begin(tmp_path / "out"):
        assert not os.path.lexists(dead)
    assert states(outside) == before


@each_link
def test_prune_removes_links_as_links(tmp_path: Path, outside: Path, link: Links, command: Command) -> None:
    output = tmp_path / "out"
    first, second = (publish_on(day, output, OLD).manifest.id for day in (1, 2))
    for path in (output / "snapshots" / first).glob("pairs/**/*.parquet"):
        path.unlink()
    for folder in sorted((output / "snapshots" / first / "pairs").rglob("*"), reverse=True):
        folder.rmdir()
    (output / "snapshots" / first / "pairs").rmdir()
    link(output / "snapshots" / first, outside)
    before = states(outside)
    assert command("prune", output, "--keep", 1, "--grace", 0).code == 0
    assert (FolderOutput(output).snapshots(), states(outside)) == ([second], before)


@each_link
def test_a_run_that_fails_removes_links_as_links(tmp_path: Path, outside: Path, link: Links) -> None:
    before = states(outside)
    with begin(tmp_path / "out") as publication:
        link(publication.work.parent, outside)
    assert not publication.work.parent.exists()
    assert states(outside) == before


def test_links_among_the_files_of_a_run_are_removed_when_it_publishes(tmp_path: Path, outside: Path) -> None:
    def leave_links(publication: Publication) -> None:
        publication.work.rmdir()
        publication.work.symlink_to(outside)
        (publication.work.parent / "more").symlink_to(outside / "pairs")

    before = states(outside)
    snapshot = publish_sample(tmp_path / "out", NEW, spoil=leave_links)
    validate(snapshot)
    folder = tmp_path / "out" / "snapshots" / snapshot.manifest.id
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert states(outside) == before


@pytest.mark.parametrize("has_manifest", [False, True])
def test_a_link_in_place_of_a_snapshot_is_left_alone(
    tmp_path: Path, outside: Path, has_manifest: bool, command: Command
) -> None:
    output = tmp_path / "out"
    older = publish_on(1, output, NEW).manifest.id
    publish_on(2, output, OLD)
    moved, name = outside, DEAD
    if has_manifest:
        name = older
        moved = (output / "snapshots" / name).rename(tmp_path / "moved")
    (output / "snapshots" / name).symlink_to(moved)
    before = states(moved)
    for arguments in (("prune", output, "--keep", 1, "--grace", 0), ("pin", output, name)):
        ran = command(*arguments)
        assert (ran.code, ran.errors.count("\n")) == (SnapshotError.exit_code, 1)
    with begin(output) as publication:
        files = write_files(publication, NEW, row_group_rows=16)
        publication.publish(make_manifest(publication.id, NEW, files))
    assert states(moved) == before
    assert (output / "snapshots" / name).is_symlink()


@pytest.mark.parametrize("place", ["notes", "gone"])
def test_a_pin_does_not_touch_what_a_link_in_its_place_leads_to(
    tmp_path: Path, outside: Path, place: str, command: Command
) -> None:
    snapshot = publish_sample(tmp_path / "out", NEW).manifest.id
    (tmp_path / "out" / "snapshots" / snapshot / "pinned").symlink_to(outside / place)
    before = states(outside)
    assert command("pin", tmp_path / "out", snapshot).code == 0
    assert states(outside) == before


def test_a_rollback_touches_nothing_behind_a_link_in_place_of_all_snapshots(tmp_path: Path, command: Command) -> None:
    output = tmp_path / "out"
    older = publish_on(1, output, OLD).manifest.id
    publish_on(2, output, NEW)
    moved = (output / "snapshots").rename(tmp_path / "moved")
    (output / "snapshots").symlink_to(moved)
    before, current = states(moved), (output / "CURRENT").read_bytes()
    ran = command("rollback", output, older)
    assert (ran.code, ran.errors.count("\n")) == (SnapshotError.exit_code, 1)
    assert (states(moved), (output / "CURRENT").read_bytes()) == (before, current)


def test_files_that_a_snapshot_names_behind_a_link_stay(tmp_path: Path, command: Command) -> None:
    """As when somebody has moved a large table to another disk."""
    output = tmp_path / "out"
    first = publish_on(1, output, OLD)
    second = publish_on(2, output, OLD, naming=first)
    table = output / "snapshots" / first.manifest.id / "pairs"
    table.symlink_to(table.rename(tmp_path / "moved"))
    assert command("prune", output, "--keep", 1, "--grace", 0).code == 0
    with begin(output):
        validate(Snapshot.open(FolderOutput(output)))
    assert table.is_symlink()
    assert FolderOutput(output).live() == second.manifest.id


def test_a_link_in_place_of_all_snapshots_is_refused(tmp_path: Path, outside: Path, command: Command) -> None:
    output = tmp_path / "out"
    first, second = (publish_on(day, output, OLD).manifest.id for day in (1, 2))
    (output / "snapshots").rename(outside / "snapshots")
    (output / "snapshots").symlink_to(outside / "snapshots")
    before = states(outside)
    with pytest.raises(UsageError, match="out/snapshots: is a symbolic link, and nothing is changed behind one"):
        begin(output)
    assert command("prune", output, "--keep", 1, "--grace", 0).code == SnapshotError.exit_code
    assert states(outside) == before
    assert FolderOutput(output).published() == [second, first]  # reading goes on


def test_an_output_that_is_a_link_is_like_any_other(tmp_path: Path, command: Command) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    publish_on(1, tmp_path / "out", OLD)
    second = publish_on(2, tmp_path / "out", OLD)
    assert command("prune", tmp_path / "out", "--keep", 1, "--grace", 0).code == 0
    assert FolderOutput(tmp_path / "real").published() == [second.manifest.id]
    validate(second)


@pytest.mark.parametrize("name", [".lock", "runs.jsonl"])
def test_what_a_run_writes_beside_the_snapshots_is_never_written_through_a_link(
    tmp_path: Path, outside: Path, name: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(outside / "notes")
    before = states(outside)
    if name == ".lock":
        with pytest.raises(UsageError, match="cannot be written to: Too many levels of symbolic links"):
            begin(tmp_path / "out")
    else:
        with pytest.raises(OSError, match="Too many levels of symbolic links"):
            FolderOutput(tmp_path / "out").append_run("{}")
    assert states(outside) == before

"""A manifest that was changed is not believed, and neither is a clock that was wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.snapshots.prune import Policy, plan
from lookalike.errors import SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import id_after, new_snapshot_id
from lookalike.outputs.pointer import Pointer
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.origin import Origin, check_origin
from lookalike.snapshots.publisher import begin
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import HASHTAGS

from .commands import Command
from .old_and_new import NEW, OLD
from .publishing import make_manifest, publish_on, write_files

FUTURE = datetime(2090, 1, 1, tzinfo=UTC)
CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "buckets": lambda manifest: manifest.update(buckets=5),
    "floor": lambda manifest: manifest.update(floor="0.4"),
    "fold": lambda manifest: manifest["configuration"].update(fold="case"),
    "created": lambda manifest: manifest.update(created="2020-01-01T00:00:00Z"),
}
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def publish_with_origin(output: Path) -> Manifest:
    """A snapshot whose table of hashtags repeats what its manifest says, as the job writes it."""
    with begin(output) as publication:
        files = write_files(publication, OLD, row_group_rows=16)
        manifest = make_manifest(publication.id, OLD, files)
        (old,) = [entry for entry in files if entry.table == "hashtags"]
        rows = [
            HASHTAGS.batch(**{name: [row[name] for row in OLD.rows("hashtags", None)] for name in HASHTAGS.names})
        ]
        new = write_table(output, old.path, rows, footer=Origin.of(manifest).footer())
        files[files.index(old)] = new
        manifest = make_manifest(publication.id, OLD, files)
        publication.publish(manifest)
    return manifest


def edit(output: Path, snapshot: str, change: Callable[[dict[str, Any]], object]) -> None:
    path = output / "snapshots" / snapshot / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@each_change
def test_a_live_manifest_that_was_changed_is_refused(tmp_path: Path, change: Callable[..., object]) -> None:
    snapshot = publish_on(1, tmp_path, OLD).manifest.id
    edit(tmp_path, snapshot, change)
    for wanted in (None, snapshot):
        with pytest.raises(SnapshotError, match="its checksum is not the one in CURRENT"):
            Snapshot.open(FolderOutput(tmp_path), wanted)


@each_change
def test_rollback_refuses_a_manifest_that_was_changed(
    tmp_path: Path, command: Command, change: Callable[..., object]
) -> None:
    target, live = publish_with_origin(tmp_path), publish_on(27, tmp_path, NEW).manifest.id
    edit(tmp_path, target.id, change)
    ran = command("rollback", tmp_path, target.id)
    assert (ran.code, ran.errors.count("\n")) == (SnapshotError.exit_code, 1)
    assert "is not the one that" in ran.errors
    assert FolderOutput(tmp_path).live() == live
    assert command("verify", tmp_path, target.id).lines[0] == f"{target.id}: damaged"


@each_change
def test_without_a_checksum_in_current_the_files_still_contradict(
    tmp_path: Path, change: Callable[..., object]
) -> None:
    snapshot = publish_with_origin(tmp_path).id
    (tmp_path / "CURRENT").write_text(f"{snapshot}\n")
    check_origin(Snapshot.open(FolderOutput(tmp_path)))
    edit(tmp_path, snapshot, change)
    with pytest.raises(SnapshotError, match="is not the one that"):
        check_origin(Snapshot.open(FolderOutput(tmp_path)))


def test_rollback_names_the_checksum_of_the_manifest_that_it_makes_live(tmp_path: Path, command: Command) -> None:
    first = publish_on(1, tmp_path, OLD).manifest
    second = publish_on(2, tmp_path, OLD).manifest
    (tmp_path / "CURRENT").write_text(f"{second.id}\n")  # as an earlier version wrote it
    assert command("rollback", tmp_path).code == 0
    assert FolderOutput(tmp_path).pointer() == Pointer.to(first.id, first.dump())
    edit(tmp_path, first.id, CHANGES["floor"])
    with pytest.raises(SnapshotError, match="its checksum is not the one in CURRENT"):
        Snapshot.open(FolderOutput(tmp_path))


@pytest.mark.parametrize("rest", [" ", " blake3:", " md5:" + "0" * 64, " blake3:" + "0" * 63, "  blake3:" + "0" * 64])
def test_a_checksum_that_is_none_is_no_pointer(rest: str) -> None:
    with pytest.raises(SnapshotError, match="holds no checksum after the snapshot id"):
        Pointer.parse(f"20261123T150102Z-1a2b3c{rest}\n".encode(), "CURRENT")


def publish_in_the_future(output: Path) -> str:
    """A snapshot of a clock that was wrong."""
    published = publish_on(1, output, OLD, created=FUTURE).manifest.id
    for path in (output / "snapshots" / published, output / "CURRENT"):
        os.utime(path, (FUTURE.timestamp(), FUTURE.timestamp()))
    return published


def test_ids_sort_in_the_order_of_publishing_after_a_clock_was_set_back(tmp_path: Path, command: Command) -> None:
    before = publish_on(1, tmp_path, OLD).manifest.id
    future = publish_in_the_future(tmp_path)
    after = [publish_on(day, tmp_path, OLD).manifest.id for day in (2, 3)]
    assert FolderOutput(tmp_path).published() == [*reversed(after), future, before]
    for expected in (after[0], future, before):
        assert command("rollback", tmp_path).code == 0
        assert FolderOutput(tmp_path).live() == expected
    assert command("diff", tmp_path, future, after[1]).code == 0


def test_a_snapshot_of_the_future_is_pruned_like_any_other(tmp_path: Path) -> None:
    older = publish_in_the_future(tmp_path)
    future = publish_in_the_future(tmp_path)
    os.utime(tmp_path / "snapshots" / older, (FUTURE.timestamp(), FUTURE.timestamp()))
    for policy in (Policy(keep=1, keep_days=None, grace=3600), Policy(keep=None, keep_days=7, grace=3600)):
        assert [one.id for one in plan(FolderOutput(tmp_path), policy, datetime.now(UTC)).removed] == [older]
    new = publish_on(2, tmp_path, OLD).manifest
    planned = plan(
        FolderOutput(tmp_path),
        Policy(keep=1, keep_days=7, grace=3600),
        max(new.created, datetime.now(UTC)) + timedelta(days=8),
    )
    assert [one.id for one in planned.removed] == [future, older]


def test_an_id_after_the_newest() -> None:
    now = new_snapshot_id()
    assert id_after(now, None) == id_after(now, "20200101T000000Z-000000") == now
    assert id_after(now, "20900101T000059Z-ffffff")[:17] == "20900101T000100Z-"
    for last in ("99991231T235959Z-ffffff", "20901399T000000Z-000000"):
        assert id_after(now, last) == now

import errno
import os
import shutil
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from jobs.snapshots.prune import Plan, Policy, carry_out, plan
from lookalike.errors import SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.lock import OutputLock
from lookalike.snapshots.publisher import begin
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .dying import STEPS, Failing, KilledError
from .publishing import DAY, publish_on
from .samples import make_sample

OLD = make_sample({"a": 5, "old": 8}, buckets=1, accounts=20)
NEW = make_sample({"a": 5, "new": 8}, buckets=1, accounts=20, seed=2)
LATER = datetime.now(UTC) + timedelta(days=1)  # when no snapshot was live within an hour
NEWEST = Policy(keep=1, keep_days=None, grace=3600)


def pruned(output: Path, policy: Policy, now: datetime = LATER) -> Plan:
    with OutputLock(output):
        planned = plan(FolderOutput(output), policy, now)
        carry_out(FolderOutput(output), planned)
    return planned


def reasons(planned: Plan) -> dict[str, str]:
    return {snapshot.id: reason for snapshot, reason in planned.kept}


def publish_days(output: Path, *days: int) -> list[str]:
    return [publish_on(day, output, OLD).manifest.id for day in days]


def files(output: Path) -> set[str]:
    found = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
    return {path for path in found if path.endswith((".parquet", "manifest.json"))}


def named(*snapshots: Snapshot) -> set[str]:
    manifests = {f"snapshots/{snapshot.manifest.id}/manifest.json" for snapshot in snapshots}
    return manifests | {entry.path for snapshot in snapshots for entry in snapshot.manifest.files}


def test_one_reason_is_enough_to_stay(tmp_path: Path) -> None:
    one, two, three, four, five = publish_days(tmp_path, 1, 2, 3, 4, 5)
    FolderOutput(tmp_path).set_pinned(one, True)
    now = DAY.replace(day=6)
    planned = plan(FolderOutput(tmp_path), Policy(keep=2, keep_days=3, grace=0), now)
    assert reasons(planned) == {
        one: "pinned",
        four: "one of the newest 2",
        five: "live",
    }
    assert [snapshot.id for snapshot in planned.removed] == [three, two]
    by_days = plan(FolderOutput(tmp_path), Policy(keep=None, keep_days=3, grace=0), now - timedelta(microseconds=1))
    assert reasons(by_days) == {one: "pinned", three: "made within 3 days", four: "made within 3 days", five: "live"}


def test_a_live_snapshot_stays_however_old(tmp_path: Path) -> None:
    one, two, three = publish_days(tmp_path, 1, 2, 3)
    FolderOutput(tmp_path).make_live(one)
    assert reasons(pruned(tmp_path, NEWEST)) == {one: "live", three: "one of the newest 1"}
    assert FolderOutput(tmp_path).published() == [three, one]
    assert not (tmp_path / "snapshots" / two).exists()
    validate(Snapshot.open(FolderOutput(tmp_path)))


def was_live(output: Path, until: dict[str, float]) -> None:
    """Set until when snapshots were live, in seconds after noon of the first day."""
    for snapshot, seconds in until.items():
        os.utime(output / "snapshots" / snapshot, (0, DAY.timestamp() + seconds))
    os.utime(output / "CURRENT", (0, DAY.timestamp() + until[FolderOutput(output).live()]))


def kept_after(output: Path, seconds: float) -> set[str]:
    policy = Policy(keep=1, keep_days=None, grace=100)
    return set(reasons(plan(FolderOutput(output), policy, DAY + timedelta(seconds=seconds))))


def test_what_was_live_within_the_grace_time_stays(tmp_path: Path) -> None:
    one, two, three = publish_days(tmp_path, 1, 2, 3)
    was_live(tmp_path, {one: 0, two: 100, three: 100})
    assert kept_after(tmp_path, 99) == {one, two, three}
    assert kept_after(tmp_path, 100) == kept_after(tmp_path, 199) == {two, three}
    assert kept_after(tmp_path, 200) == {three}
    FolderOutput(tmp_path).make_live(one)
    FolderOutput(tmp_path).make_live(three)  # so the oldest was live until just now
    assert reasons(plan(FolderOutput(tmp_path), NEWEST, datetime.now(UTC))) == {
        one: "live within 3,600 seconds",
        three: "live",
    }


def test_after_current_was_edited_all_stay_for_the_grace_time(tmp_path: Path) -> None:
    one, two, three = publish_days(tmp_path, 1, 2, 3)
    was_live(tmp_path, {one: 0, two: 100, three: 100})
    (tmp_path / "CURRENT").write_text(f"{three}\n")
    os.utime(tmp_path / "CURRENT", (0, DAY.timestamp() + 1000))
    assert kept_after(tmp_path, 1099) == {one, two, three}
    assert kept_after(tmp_path, 1100) == {three}


def test_a_pin_that_comes_does_not_hide_that_current_was_edited(tmp_path: Path) -> None:
    one, two, three = publish_days(tmp_path, 1, 2, 3)
    was_live(tmp_path, {one: 0, two: 100, three: 200})
    (tmp_path / "CURRENT").write_text(f"{one}\n")
    os.utime(tmp_path / "CURRENT", (0, DAY.timestamp() + 1000))
    FolderOutput(tmp_path).set_pinned(one, True)
    assert FolderOutput(tmp_path).was_edited(one)
    assert kept_after(tmp_path, 1099) == {one, two, three}
    assert kept_after(tmp_path, 1100) == {one, three}


def test_a_pin_that_goes_does_not_make_a_snapshot_look_as_if_it_was_live(tmp_path: Path) -> None:
    one, two, three = publish_days(tmp_path, 1, 2, 3)
    was_live(tmp_path, {one: 0, two: 100, three: 100})
    for snapshot in (one, two):
        FolderOutput(tmp_path).set_pinned(snapshot, True)
    FolderOutput(tmp_path).set_pinned(one, False)
    planned = pruned(tmp_path, NEWEST, datetime.now(UTC))
    assert reasons(planned) == {two: "pinned", three: "live"}
    assert [snapshot.id for snapshot in planned.removed] == [one]


def test_who_may_not_keep_the_time_of_a_folder_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = publish_days(tmp_path, 1, 2)
    FolderOutput(tmp_path).set_pinned(two, True)
    before = [(tmp_path / "snapshots" / snapshot).stat().st_mtime_ns for snapshot in (one, two)]
    with monkeypatch.context() as patch:
        Failing(patch, 0, PermissionError(errno.EPERM, "not yours"), only=("utime",))
        with pytest.raises(PermissionError):
            FolderOutput(tmp_path).set_pinned(one, True)
    with monkeypatch.context() as patch:
        Failing(patch, 0, PermissionError(errno.EPERM, "not yours"), only=("utime",))
        with pytest.raises(PermissionError):
            FolderOutput(tmp_path).set_pinned(two, False)
    assert [FolderOutput(tmp_path).is_pinned(snapshot) for snapshot in (one, two)] == [False, True]
    assert [(tmp_path / "snapshots" / snapshot).stat().st_mtime_ns for snapshot in (one, two)] == before


def test_files_that_kept_snapshots_name_stay_one_by_one(tmp_path: Path) -> None:
    first = publish_on(1, tmp_path, OLD)
    with_names = publish_on(2, tmp_path, OLD, naming=first)
    assert {entry.snapshot for entry in with_names.manifest.files} == {first.manifest.id}
    other = publish_on(3, tmp_path, NEW, naming=first)  # has rejects in common with it, nothing else
    shared = {entry.path for entry in other.manifest.files if entry.snapshot == first.manifest.id}
    assert 0 < len(shared) < len(first.manifest.files)
    before = {path: (tmp_path / path).stat().st_size for path in files(tmp_path)}
    planned = pruned(tmp_path, NEWEST)
    assert files(tmp_path) == named(other)
    validate(Snapshot.open(FolderOutput(tmp_path)))
    gone = before.keys() - files(tmp_path)
    assert planned.bytes == sum(before[path] for path in gone)
    assert planned.shared == sum(before[path] for path in shared)
    with begin(tmp_path):  # the next run keeps them, too
        assert files(tmp_path) == named(other)
    last = publish_on(4, tmp_path, NEW)
    assert not pruned(tmp_path, NEWEST).shared
    assert files(tmp_path) == named(last)
    assert list((tmp_path / "snapshots").iterdir()) == [tmp_path / "snapshots" / last.manifest.id]


def test_a_pinned_snapshot_keeps_the_files_that_it_names(tmp_path: Path) -> None:
    first = publish_on(1, tmp_path, OLD)
    second = publish_on(2, tmp_path, OLD, naming=first)
    FolderOutput(tmp_path).set_pinned(second.manifest.id, True)
    third = publish_on(3, tmp_path, NEW)
    pruned(tmp_path, NEWEST)
    assert files(tmp_path) == named(second, third)
    validate(second)
    FolderOutput(tmp_path).set_pinned(second.manifest.id, False)
    pruned(tmp_path, NEWEST)
    assert files(tmp_path) == named(third)


@pytest.mark.parametrize("flip", [("part-00000", "part-00001"), ("20261101", "20261100")])
def test_nothing_is_removed_while_a_manifest_names_a_file_that_is_not_there(
    tmp_path: Path, flip: tuple[str, str]
) -> None:
    """One flipped bit in a path, and no manifest names the file that the pinned snapshot needs."""
    first = publish_on(1, tmp_path, OLD)
    second = publish_on(2, tmp_path, OLD, naming=first).manifest.id
    publish_on(3, tmp_path, NEW)
    FolderOutput(tmp_path).set_pinned(second, True)
    manifest, needed = tmp_path / "snapshots" / second / "manifest.json", first.manifest.files[0].path
    whole = manifest.read_text()
    damaged = whole.replace(needed, needed.replace(*flip))
    assert damaged != whole
    manifest.write_text(damaged)
    before = files(tmp_path)
    with pytest.raises(SnapshotError, match=r"is not there, though a manifest names it"):
        pruned(tmp_path, NEWEST)
    assert files(tmp_path) == before
    manifest.write_text(whole)
    pruned(tmp_path, NEWEST)
    manifest.write_text(damaged)
    before = files(tmp_path)
    with begin(tmp_path):  # what the next run finds without a manifest is the first snapshot's
        assert files(tmp_path) == before


@pytest.mark.parametrize("damage", ["", "{", '{"schema_version": 2, "files": []}', "of another"])
@pytest.mark.parametrize("place", [0, 1, 2], ids=["oldest", "middle", "live"])
def test_nothing_is_removed_while_a_manifest_cannot_be_read(tmp_path: Path, damage: str, place: int) -> None:
    ids = publish_days(tmp_path, 1, 2, 3)
    manifest = tmp_path / "snapshots" / ids[place] / "manifest.json"
    other = tmp_path / "snapshots" / ids[place - 1] / "manifest.json"
    manifest.write_text(other.read_text() if damage == "of another" else damage)
    before = files(tmp_path)
    with pytest.raises(SnapshotError, match=ids[place]):
        pruned(tmp_path, NEWEST)
    assert files(tmp_path) == before


@pytest.mark.parametrize("current", [None, "", "gone\n", "20200101T000000Z-000000\n"])
def test_nothing_is_removed_without_a_live_snapshot(tmp_path: Path, current: str | None) -> None:
    publish_days(tmp_path, 1, 2)
    (tmp_path / "CURRENT").unlink()
    if current is not None:
        (tmp_path / "CURRENT").write_text(current)
    before = files(tmp_path)
    with pytest.raises(SnapshotError):
        pruned(tmp_path, NEWEST)
    assert files(tmp_path) == before


def test_nothing_is_removed_while_the_live_snapshot_lacks_a_file(tmp_path: Path) -> None:
    publish_days(tmp_path, 1, 2)
    (tmp_path / Snapshot.open(FolderOutput(tmp_path)).manifest.files[0].path).write_bytes(b"PAR1")
    before = files(tmp_path)
    with pytest.raises(SnapshotError, match="has 4 bytes"):
        pruned(tmp_path, NEWEST)
    assert files(tmp_path) == before


def test_what_is_no_snapshot_is_left_alone(tmp_path: Path) -> None:
    publish_days(tmp_path, 1, 2)
    kept = [tmp_path / "snapshots" / "notes" / "x", tmp_path / "x", tmp_path / "snapshots" / "x"]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    old = tmp_path / "snapshots" / FolderOutput(tmp_path).published()[1]
    (old / "link").symlink_to(elsewhere)
    pruned(tmp_path, NEWEST)
    assert not old.exists()
    assert all(path.exists() for path in (*kept, elsewhere / "precious"))


def prepared(output: Path) -> Snapshot:
    """Two snapshots to prune, of which the live one names files, one that stays, and what a dead run left."""
    first = publish_on(1, output, OLD)
    publish_on(2, output, OLD)
    FolderOutput(output).set_pinned(publish_on(3, output, OLD, naming=first).manifest.id, True)
    live = publish_on(4, output, NEW, naming=first)
    dead = output / "snapshots" / "20200101T000000Z-000000" / "work"
    dead.mkdir(parents=True)
    (dead / "blob").write_bytes(bytes(1000))
    return live


def assert_every_snapshot_is_whole(output: Path, live: str) -> None:
    assert FolderOutput(output).live() == live
    for snapshot in FolderOutput(output).published():
        validate(Snapshot.open(FolderOutput(output), snapshot))


def test_a_prune_killed_at_any_step_leaves_whole_snapshots_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, template = tmp_path / "output", tmp_path / "template"
    live = prepared(template).manifest.id
    pinned = FolderOutput(template).published()[1]
    for passes in count():
        shutil.copytree(template, output)
        with monkeypatch.context() as patch:
            steps = Failing(patch, passes, KilledError(), only=STEPS)
            try:
                pruned(output, NEWEST)
            except KilledError:
                assert steps.failed
        assert_every_snapshot_is_whole(output, live)
        if passes % 2:  # what is left is taken away by the next prune, or the next run
            pruned(output, NEWEST)
        else:
            with begin(output):
                pass
            assert_every_snapshot_is_whole(output, live)
        if passes % 2 or set(FolderOutput(output).published()) == {live, pinned}:
            assert files(output) == named(
                Snapshot.open(FolderOutput(output)), Snapshot.open(FolderOutput(output), pinned)
            )
            assert not list(output.rglob("blob"))
        shutil.rmtree(output)
        if not steps.failed:
            break
    assert passes > 20


def test_a_prune_that_cannot_remove_leaves_whole_snapshots_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = prepared(tmp_path).manifest.id
    for passes in count():
        with monkeypatch.context() as patch:
            steps = Failing(patch, passes, OSError(errno.EIO, "broken"), only=("unlink", "fsync", "rmdir"))
            try:
                pruned(tmp_path, NEWEST)
            except OSError:
                assert steps.failed
        assert_every_snapshot_is_whole(tmp_path, live)
        if not steps.failed:
            break
    assert len(FolderOutput(tmp_path).published()) == 2

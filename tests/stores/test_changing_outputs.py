"""A folder and an object store are outputs alike: the same calls lock both, and add and remove in both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.snapshots.prune import Plan, Policy, carry_out, plan
from lookalike.errors import OutputLockedError, SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.interface import Output
from lookalike.outputs.layout import data_path
from lookalike.outputs.pointer import Pointer
from lookalike.snapshots.history import published
from lookalike.snapshots.leftovers import leftovers, remove_dead_runs
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .places import DEAD, FIRST, SECOND, THIRD, Place, files_of


def test_the_lock_has_one_holder(place: Place) -> None:
    place.publish(FIRST)
    holder, other = place.open(), place.open()
    with holder.locked():
        holder.confirm_lock()
        with pytest.raises(OutputLockedError, match=f"^another run holds the output {place.place}: process "):
            other.locked().__enter__()
        holder.confirm_lock()
    with other.locked(), pytest.raises(OutputLockedError), holder.locked(wait=0.1):
        pass


def test_the_lock_is_given_back_after_an_error(place: Place) -> None:
    place.publish(FIRST)
    output = place.open()
    with pytest.raises(ZeroDivisionError), output.locked():
        raise ZeroDivisionError
    with place.open().locked():
        pass


def test_a_prune_removes_what_given_up_tasks_have_left_in_published_snapshots(place: Place) -> None:
    first, second = place.publish(FIRST), place.publish(SECOND)
    before, entry = place.listing(), second.files[0].path
    unfinished = str(Path(entry).with_name(f".{Path(entry).name}.5e1f.tmp"))
    late = [f"snapshots/{first.id}/work/accounts.arrow", f"snapshots/{second.id}/work/tally/1", unfinished]
    for path in late:
        place.write(path, b"12345")
    output = place.open()
    with output.locked():
        planned = plan(output, Policy(keep=5, keep_days=None, grace=0), datetime.now(UTC))
        assert {file.path for leftover in planned.freed for file in leftover.files} == set(late)
        assert planned.bytes == 5 * len(late)
        carry_out(output, planned)
    assert place.listing() == before


def test_files_of_dead_runs_are_removed_but_none_that_a_manifest_names(place: Place) -> None:
    first = place.publish(FIRST)
    # The second names a file of the first, whose manifest is gone then.
    twin = next(entry for entry in first.files if entry.table == "rejects")
    second = place.publish(SECOND)
    own = next(entry for entry in second.files if entry.table == "rejects")
    changed = second.dump().replace(own.path.encode(), twin.path.encode())
    place.write(f"snapshots/{second.id}/manifest.json", changed)
    place.write("CURRENT", Pointer.to(second.id, changed).line())
    place.remove(f"snapshots/{first.id}/manifest.json")
    place.write(data_path(DEAD, "pairs", bucket=0), b"123")
    place.write(f"snapshots/{DEAD}/manifest.json.unchecked", b"{")
    output = place.open()
    remove_dead_runs(output)
    left = place.listing()
    assert {path for path in left if first.id in path} == {twin.path}
    assert not {path for path in left if DEAD in path}
    assert {path for path in left if second.id in path} == files_of(second)
    assert place.open().snapshots() == [second.id, first.id]
    assert leftovers(output, published(output)) == []
    remove_dead_runs(output)
    assert place.listing() == left


def test_nothing_is_removed_while_a_manifest_cannot_be_read(place: Place) -> None:
    manifest = place.publish(FIRST)
    place.write(f"snapshots/{DEAD}/half", b"123")
    place.write(f"snapshots/{manifest.id}/manifest.json", b"{")
    before = place.listing()
    output = place.open()
    remove_dead_runs(output)
    assert place.listing() == before
    with pytest.raises(SnapshotError, match="is not a manifest; it may name any file, so none is removed"):
        leftovers(output, published(output))


def test_a_snapshot_without_its_manifest_is_none(place: Place) -> None:
    first, second = (place.publish(day) for day in (FIRST, SECOND))
    output = place.open()
    with output.locked():
        output.remove_manifests([first.id])
    assert output.published() == place.open().published() == [second.id]
    left = {path for path in place.listing() if first.id in path}
    assert left == files_of(first) - {f"snapshots/{first.id}/manifest.json"}
    with output.locked():
        output.remove_files(first.id, output.files(first.id))
    assert not {path for path in place.listing() if first.id in path}
    assert output.snapshots() == place.open().snapshots() == [second.id]


def prune(output: Output, policy: Policy, now: datetime) -> Plan:
    with output.locked():
        planned = plan(output, policy, now)
        carry_out(output, planned)
    return planned


def test_prune_keeps_what_is_live_pinned_or_was_live_lately_and_what_those_need(place: Place) -> None:
    first, second, third = (place.publish(day) for day in (FIRST, SECOND, THIRD))
    place.write(f"snapshots/{DEAD}/half", b"123")
    output = place.open()
    now = datetime.now(UTC)
    lately = prune(output, Policy(keep=1, keep_days=None, grace=3600), now)
    assert [(one.id, reason) for one, reason in lately.kept] == [
        (third.id, "live"),
        (second.id, "live within 3,600 seconds"),
        (first.id, "live within 3,600 seconds"),
    ]
    assert (lately.removed, lately.bytes) == ([], 3)
    assert place.listing() == {"CURRENT"} | files_of(first) | files_of(second) | files_of(third)
    with output.locked():
        output.set_pinned(first.id, True)
    later = now + timedelta(hours=2)
    done = prune(output, Policy(keep=1, keep_days=None, grace=3600), later)
    assert [(one.id, reason) for one, reason in done.kept] == [(third.id, "live"), (first.id, "pinned")]
    assert [one.id for one in done.removed] == [second.id]
    assert done.bytes >= sum(entry.bytes for entry in second.files)
    pin = {f"snapshots/{first.id}/pinned"}
    assert place.listing() == {"CURRENT"} | files_of(first) | files_of(third) | pin
    for snapshot in (first.id, third.id):
        validate(Snapshot.open(place.open(), snapshot))


def test_lines_of_runs_are_added_in_their_order(place: Place) -> None:
    place.publish(FIRST)
    for line in ("one", "two", "three"):
        place.open().append_run(line)
    assert place.read("runs.jsonl") == b"one\ntwo\nthree\n"


def test_of_runs_that_end_together_each_has_its_line(place: Place) -> None:
    place.publish(FIRST)
    lines = [f"run {number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda line: place.open().append_run(line), lines))
    assert sorted(place.read("runs.jsonl").decode().splitlines()) == lines


def test_no_folder_is_made_for_the_line_of_a_run(tmp_path: Path) -> None:
    FolderOutput(tmp_path / "out").append_run("one")
    assert not (tmp_path / "out").exists()

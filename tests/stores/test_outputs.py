"""A folder and an object store are outputs alike: the same calls read and switch both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from lookalike.errors import SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.objectstore import ObjectOutput
from lookalike.outputs.opening import open_output
from lookalike.outputs.pointer import Pointer
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.history import live_manifest, published
from lookalike.snapshots.openfiles import DataFile
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .places import DEAD, FIRST, OTHER, SAMPLE, SECOND, THIRD, Place, files_of


def test_what_a_place_names_is_opened(tmp_path: Path, url: StoreUrl) -> None:
    here, there = open_output(tmp_path), open_output(url)
    assert isinstance(here, FolderOutput)
    assert isinstance(there, ObjectOutput)
    assert (str(here), here.name("CURRENT")) == (str(tmp_path), f"{tmp_path}/CURRENT")
    assert (str(there), there.name("CURRENT")) == (url, f"{url}/CURRENT")


def test_an_output_with_nothing_in_it(place: Place) -> None:
    output = place.open()
    assert (output.current(), output.live_or_none(), output.snapshots(), output.published()) == (None, None, [], [])
    assert (live_manifest(output), published(output)) == (None, [])
    with pytest.raises(SnapshotError) as caught:
        output.live()
    assert str(caught.value) == f"{place.place}: no snapshot has been published here"
    with pytest.raises(SnapshotError, match=rf"^{place.place}/snapshots/{DEAD}/manifest\.json: "):
        output.manifest(DEAD)


def test_what_is_published_is_live_and_is_what_was_written(place: Place) -> None:
    first = place.publish(FIRST)
    second = place.publish(SECOND, sample=OTHER)
    output = place.open()
    assert output.current() == output.live() == output.live_or_none() == second.id
    assert place.read("CURRENT") == Pointer.to(second.id, second.dump()).line()
    assert output.published() == output.snapshots() == [second.id, first.id]
    assert output.manifest(first.id) == place.read(f"snapshots/{first.id}/manifest.json") == first.dump()
    assert live_manifest(output) == second
    assert [(one.id, one.manifest, one.live) for one in published(output)] == [
        (second.id, second, True),
        (first.id, first, False),
    ]
    assert place.listing() == {"CURRENT"} | files_of(first) | files_of(second)
    for snapshot, sample in ((first, SAMPLE), (second, OTHER)):
        opened = Snapshot.open(output, snapshot.id)
        validate(opened)
        assert opened.members("a").to_pylist() == sample.expected_members("a")


def test_row_groups_columns_and_keys_of_a_file_are_read(place: Place) -> None:
    manifest = place.publish(FIRST)
    output = place.open()
    for entry in (entry for entry in manifest.files if entry.table == "members"):
        rows = SAMPLE.rows("members", entry.bucket)
        file = DataFile(output, entry)
        assert file.path == f"{place.place}/{entry.path}"
        assert file.read_all(["account_id", "posts"]).to_pylist() == [
            {"account_id": row["account_id"], "posts": row["posts"]} for row in rows
        ]
        groups = [file.read(group).to_pylist() for group in range(len(file.bounds))]
        assert [row for group in groups for row in group] == rows
        keys = [(key, count) for keys, counts in file.key_runs() for key, count in zip(keys, counts, strict=True)]
        expected: dict[str, int] = {}
        for row in rows:
            expected[row["hashtag"]] = expected.get(row["hashtag"], 0) + 1
        found: dict[str, int] = {}
        for key, count in keys:
            found[key.as_py()] = found.get(key.as_py(), 0) + int(count)
        assert found == expected


def message(check: Callable[[], object]) -> str:
    """What a check finds wrong, without the address; empty if nothing."""
    try:
        check()
    except SnapshotError as error:
        return str(error).split(".parquet: ", 1)[1]
    return ""


def test_files_are_compared_with_their_entries(place: Place) -> None:
    manifest = place.publish(FIRST)
    whole, changed, short, gone = manifest.files[:4]
    content = place.read(changed.path)
    place.write(changed.path, content[:7] + bytes([content[7] ^ 1]) + content[8:])
    place.write(short.path, b"PAR1")
    place.remove(gone.path)
    output = place.open()
    wrong_size = f"has 4 bytes, the manifest says {short.bytes}"
    missing = message(partial(output.check_size, gone))
    assert missing in ("cannot be read: No such file or directory", "cannot be read: there is no such object")
    sizes = {whole: "", changed: "", short: wrong_size, gone: missing}
    assert {entry: message(partial(output.check_size, entry)) for entry in sizes} == sizes
    assert {entry: message(partial(output.check_sizes, [whole, entry])) for entry in sizes} == sizes
    checked = sizes | {changed: "its checksum is not the manifest's"}
    assert {entry: message(partial(output.check_file, entry)) for entry in sizes} == checked
    other = replace(whole, checksum="blake3:" + "0" * 64)
    assert message(partial(output.check_file, other)) == "its checksum is not the manifest's"
    for entry in (short, gone):
        with pytest.raises(SnapshotError, match=f"^{place.place}/{entry.path}: "):
            DataFile(output, entry)


def test_damage_in_a_file_is_an_error_that_names_it(place: Place) -> None:
    manifest = place.publish(FIRST)
    entry = max(manifest.files, key=lambda entry: entry.bytes)
    place.write(entry.path, bytes(entry.bytes))
    with pytest.raises(SnapshotError, match=f"^{place.place}/{entry.path}: is damaged: ") as caught:
        DataFile(place.open(), entry)
    assert "\n" not in str(caught.value)


def test_a_current_that_holds_no_id_is_no_live_snapshot(place: Place) -> None:
    manifest = place.publish(FIRST)
    for content in (b"", b"\xff\n", b"../x\n", f"{manifest.id}\n\n".encode(), b"x" * 99):
        place.write("CURRENT", content)
        output = place.open()
        assert output.live_or_none() is None
        for read in (output.current, output.live):
            with pytest.raises(SnapshotError) as caught:
                read()
            assert str(caught.value) == f"{place.place}/CURRENT: holds no snapshot id"
    assert [one.live for one in published(output)] == [False]
    with output.locked():
        output.make_live(manifest.id)
    assert place.open().live() == manifest.id


def test_a_switch_back_and_forth_changes_nothing_but_current(place: Place) -> None:
    first, second = (place.publish(day) for day in (FIRST, SECOND))
    before = {path: place.read(path) for path in place.listing() - {"CURRENT"}}
    output = place.open()
    for manifest in (first, second, first):
        with output.locked():
            output.make_live(manifest.id)
        assert place.read("CURRENT") == Pointer.to(manifest.id, manifest.dump()).line()
        assert (output.live(), place.open().live()) == (manifest.id, manifest.id)
    assert {path: place.read(path) for path in place.listing() - {"CURRENT"}} == before


def test_a_switch_marks_the_old_and_the_new_as_live_until_now(place: Place) -> None:
    first, second, third = (place.publish(day).id for day in (FIRST, SECOND, THIRD))
    output = place.open()
    before = {snapshot: output.marked_live(snapshot) for snapshot in (first, second, third)}
    with output.locked():
        output.make_live(second)
    after = {snapshot: output.marked_live(snapshot) for snapshot in (first, second, third)}
    assert after[first] == before[first]
    assert after[second] >= before[second]
    assert after[third] >= before[third]
    assert not output.was_edited(second)
    assert output.live_until(third, second) == after[third]
    assert abs(output.switched() - after[second]) < 30


def test_after_current_was_edited_every_snapshot_may_have_been_live(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (place.publish(day).id for day in (FIRST, SECOND, THIRD))
    output = place.open()
    until = output.live_until(first, third)
    monkeypatch.setattr("lookalike.outputs.interface.SWITCH_SECONDS", -60)  # as if the mark were much older
    assert output.was_edited(third)
    assert output.live_until(first, third) == max(output.switched(), until)
    before = [output.marked_live(snapshot) for snapshot in (first, second, third)]
    with output.locked():
        output.make_live(third)
    assert all(now >= then for now, then in zip(map(output.marked_live, (first, second, third)), before, strict=True))


def test_a_pin_is_set_and_taken_away_and_is_no_time_of_being_live(place: Place) -> None:
    first, second = (place.publish(day).id for day in (FIRST, SECOND))
    output = place.open()
    marked = [output.marked_live(snapshot) for snapshot in (first, second)]
    for pinned in (True, True, False, False, True):
        with output.locked():
            output.set_pinned(first, pinned)
        assert [output.is_pinned(snapshot) for snapshot in (first, second)] == [pinned, False]
        assert [one.pinned for one in published(place.open())] == [False, pinned]
        assert (f"snapshots/{first}/pinned" in place.listing()) == pinned
    assert [output.marked_live(snapshot) for snapshot in (first, second)] == marked


def test_a_folder_without_a_manifest_is_listed_and_not_published(place: Place) -> None:
    manifest = place.publish(FIRST)
    for path in (f"snapshots/{DEAD}/half", f"snapshots/{DEAD}/pairs/blob", "snapshots/notes/a", "other/b"):
        place.write(path, b"123")
    output = place.open()
    assert output.snapshots() == [manifest.id, DEAD]
    assert output.published() == [manifest.id]
    assert sorted(output.files(DEAD)) == [
        (f"snapshots/{DEAD}/half", 3),
        (f"snapshots/{DEAD}/pairs/blob", 3),
    ]
    found = {(file.path, file.bytes) for file in output.files(manifest.id) if not file.path.endswith("/live")}
    sizes = {(entry.path, entry.bytes) for entry in manifest.files}
    assert found - sizes == {(f"snapshots/{manifest.id}/manifest.json", len(manifest.dump()))}

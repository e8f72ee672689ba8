"""A folder and an object store are outputs alike: the same calls do the same to both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from jobs.pipeline.staging import staged
from jobs.snapshots.prune import Plan, Policy, carry_out, plan
from lookalike.errors import OutputLockedError, SnapshotError
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.interface import Output
from lookalike.outputs.layout import data_path
from lookalike.outputs.objectstore import ObjectOutput
from lookalike.outputs.opening import open_output
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.history import live_manifest, published
from lookalike.snapshots.leftovers import leftovers, remove_dead_runs
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.openfiles import DataFile
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate
from tests.snapshots.samples import Sample, make_sample, publish_on

from .running import Bucket

SAMPLE = make_sample({"a": 5, "b": 30}, buckets=2, accounts=40)
OTHER = make_sample({"a": 9}, buckets=2, accounts=40, seed=2)
DEAD = "20200101T000000Z-000000"
FIRST, SECOND, THIRD = 1, 2, 3  # days of November


class Place:
    """A folder or a prefix of a bucket, and what it holds, by the file system or the store's own library."""

    def __init__(self, place: Path | StoreUrl, staging: Path) -> None:
        self.place = place
        self._staging = staging
        self._bucket = Bucket(place) if isinstance(place, StoreUrl) else None

    def open(self) -> Output:
        """As another process would see it."""
        return open_output(self.place)

    def publish(self, day: int, *, sample: Sample = SAMPLE, naming: Snapshot | None = None) -> Manifest:
        if isinstance(self.place, Path):
            return publish_on(day, self.place, sample, naming=naming).manifest
        with staged(self.place, self._staging, 0) as staging:
            made = publish_on(day, staging.folder, sample, naming=naming).manifest
            staging.deliver(made)
        return made

    def read(self, path: str) -> bytes:
        return (self._folder / path).read_bytes() if self._bucket is None else self._bucket.read(path)

    def write(self, path: str, content: bytes) -> None:
        if self._bucket is not None:
            self._bucket.write(path, content)
            return
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).write_bytes(content)

    def remove(self, path: str) -> None:
        if self._bucket is None:
            (self._folder / path).unlink()
        else:
            self._bucket.remove(path)

    def listing(self) -> set[str]:
        """All files but the lock and the objects that mark a snapshot as live, which a folder does by its times."""
        if self._bucket is None:
            found = {str(path.relative_to(self._folder)) for path in self._folder.rglob("*") if path.is_file()}
        else:
            found = self._bucket.listing()
        return {path for path in found if path != ".lock" and not path.endswith("/live")}

    @property
    def _folder(self) -> Path:
        assert isinstance(self.place, Path)
        return self.place


@pytest.fixture(params=["folder", "object store"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr("os.fsync", lambda _: None)  # nobody pulls the plug
    chosen = tmp_path / "out" if request.param == "folder" else request.getfixturevalue("url")
    return Place(chosen, tmp_path / "staging")


def files_of(manifest: Manifest) -> set[str]:
    """What the snapshot's own folder holds."""
    return {f"snapshots/{manifest.id}/manifest.json"} | {
        entry.path for entry in manifest.files if entry.snapshot == manifest.id
    }


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
    assert place.read("CURRENT") == f"{second.id}\n".encode()
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
    for snapshot in (first.id, second.id, first.id):
        with output.locked():
            output.make_live(snapshot)
        assert place.read("CURRENT") == f"{snapshot}\n".encode()
        assert (output.live(), place.open().live()) == (snapshot, snapshot)
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


def test_files_of_dead_runs_are_removed_but_none_that_a_manifest_names(place: Place) -> None:
    first = place.publish(FIRST)
    # The second names a file of the first, whose manifest is gone then.
    twin = next(entry for entry in first.files if entry.table == "rejects")
    second = place.publish(SECOND)
    own = next(entry for entry in second.files if entry.table == "rejects")
    changed = second.dump().replace(own.path.encode(), twin.path.encode())
    place.write(f"snapshots/{second.id}/manifest.json", changed)
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

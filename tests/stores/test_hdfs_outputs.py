"""Outputs under hdfs:// have the guarantees of a folder. The name node and the data node are in this process."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jobs.snapshots.__main__ import main as snapshots_command
from lookalike.errors import JobError, OutputLockedError, StoreError, StoreRefusedError, UnknownSwitchError
from lookalike.outputs.hdfslock import HdfsLock
from lookalike.outputs.hdfsstore import HdfsStore
from lookalike.outputs.opening import open_base, open_output
from lookalike.outputs.store import PIECE
from lookalike.outputs.storedoutput import StoredOutput
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.leftovers import remove_dead_runs
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate
from tests.generations import that_count

from .fakehdfs import CUT, LOST, Asked, FakeHdfs
from .running import Runner, tables

PATH = "snapshots/20261101T120000Z-0a1b2c/spellings/bucket=000/part-00000.parquet"


@pytest.fixture
def place(hdfs: FakeHdfs) -> StoreUrl:
    return StoreUrl.parse(f"{hdfs.url}/user/analyst/out")


@pytest.fixture
def folder(hdfs: FakeHdfs) -> Path:
    """Where the files of the place are."""
    return hdfs.folder / "user/analyst/out"


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def live(folder: Path) -> str:
    return (folder / "CURRENT").read_text().split()[0]


def test_hdfs_receives_row_for_row_what_a_folder_does(
    place: StoreUrl, folder: Path, run: Runner, tmp_path: Path
) -> None:
    for days, mode in ((2, "full"), (3, "incremental")):
        there, here = (run(output, days=days) for output in (place, tmp_path / "here"))
        assert (there.mode.name, here.mode.name, live(folder)) == (mode, mode, there.id)
        found, expected = (
            tables(manifest, lambda path, root=root: (root / path).read_bytes())
            for manifest, root in ((there, folder), (here, tmp_path / "here"))
        )
        for table, rows in expected.items():
            assert list(that_count(table, found[table])) == list(that_count(table, rows))
        own = {entry.path for entry in there.files if entry.snapshot == there.id}
        extra = {f"snapshots/{there.id}/{name}" for name in ("manifest.json", "live")}
        assert {path for path in files(folder) if there.id in path} == own | extra
    validate(Snapshot.open(open_output(place)))
    assert {path.name for path in folder.iterdir()} == {"CURRENT", ".lock", "snapshots"}


def test_the_commands_read_and_change_it(
    place: StoreUrl, folder: Path, run: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (run(place, posts=posts) for posts in (300, 400))
    assert snapshots_command(["list", place]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if "Z-" in line] == [second.id, first.id]
    assert snapshots_command(["verify", place, "--all"]) == 0
    assert snapshots_command(["rollback", place, first.id]) == 0
    assert live(folder) == first.id
    assert snapshots_command(["pairs", place, "one", "--limit", "1"]) == 0
    assert snapshots_command(["rollback", place, second.id]) == 0
    assert snapshots_command(["prune", place, "--keep", "1", "--grace", "0"]) == 0
    assert [path.name for path in (folder / "snapshots").iterdir()] == [second.id]


@pytest.mark.parametrize("size", [0, 1, PIECE, 2 * PIECE + 7])
def test_a_file_arrives_as_it_was_written_and_is_not_seen_before(place: StoreUrl, folder: Path, size: int) -> None:
    data = memoryview(random.Random(size).randbytes(size))
    output = open_output(place)
    file = output.create(PATH)
    for start in range(0, size, 5_000_001):
        file.write(data[start : start + 5_000_001])
    assert not (folder / PATH).exists()
    file.finish()
    assert (folder / PATH).read_bytes() == data
    given_up = output.create(f"{PATH}2")
    given_up.write(data)
    given_up.discard()
    assert files(folder) == {PATH}


def stopped(hdfs: FakeHdfs, operation: str, wanted: str, fault: Any, *, times: int = 1000) -> None:
    """Let so many of these requests fail, by what their path ends with."""
    left = [times]

    def fail(asked: Asked) -> Any:
        if asked.operation == operation and wanted in asked.path and left[0]:
            left[0] -= 1
            return fault
        return None

    hdfs.fault = fail


REQUESTS = [
    ("CREATE", ".parquet"),
    ("RENAME", ".parquet"),
    ("CREATE", "manifest.json"),
    ("RENAME", "manifest.json"),
    ("CREATE", "live."),
    ("CREATE", "CURRENT"),
    ("RENAME", "CURRENT"),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("operation", "wanted"), REQUESTS)
@pytest.mark.parametrize("fault", [LOST, (503, "RetriableException"), (403, "StandbyException")], ids=str)
def test_a_request_that_fails_for_a_moment_changes_nothing(
    place: StoreUrl, folder: Path, hdfs: FakeHdfs, run: Runner, operation: str, wanted: str, fault: Any
) -> None:
    first = run(place)
    stopped(hdfs, operation, wanted, fault, times=2)
    second = run(place, posts=400)
    hdfs.fault = lambda _: None
    assert live(folder) == second.id != first.id
    validate(Snapshot.open(open_output(place)))
    assert not [path for path in files(folder) if ".tmp" in path]


@pytest.mark.thorough
@pytest.mark.parametrize(("operation", "wanted"), REQUESTS)
@pytest.mark.parametrize(
    ("fault", "kind"), [((403, "AccessControlException"), StoreRefusedError), ((500, "IOException"), StoreError)]
)
def test_a_request_that_goes_on_failing_leaves_the_live_snapshot(
    place: StoreUrl,
    folder: Path,
    hdfs: FakeHdfs,
    run: Runner,
    operation: str,
    wanted: str,
    fault: tuple[int, str],
    kind: type[JobError],
) -> None:
    first = run(place)
    before = files(folder)
    stopped(hdfs, operation, wanted, fault)
    with pytest.raises(UnknownSwitchError if wanted == "CURRENT" else kind) as caught:
        run(place, posts=400)
    hdfs.fault = lambda _: None
    assert str(caught.value).startswith(place)
    assert "\n" not in str(caught.value)
    assert live(folder) == first.id
    if isinstance(caught.value, UnknownSwitchError):
        (second,) = {path.name for path in (folder / "snapshots").iterdir()} - {first.id}
        validate(Snapshot.open(open_output(place), second))
    else:
        assert {path for path in files(folder) if not path.startswith(".CURRENT")} == before
    assert run(place, posts=400).id == live(folder)
    assert not [path for path in files(folder) if ".tmp" in path]


def test_what_a_dead_run_left_is_removed(place: StoreUrl, folder: Path, run: Runner) -> None:
    first = run(place)
    dead = "20200101T000000Z-000000"
    for name in ("pairs/bucket=000/.part-00000.parquet.ab.tmp", "pairs/bucket=001/part-00000.parquet", "work/x"):
        path = folder / "snapshots" / dead / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    output = open_output(place)
    with output.locked():
        remove_dead_runs(output)
    assert [path.name for path in (folder / "snapshots").iterdir()] == [first.id]


def intervening(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen after a run has confirmed its lock for the last time, before its switch."""
    confirm = StoredOutput.confirm_lock
    calls: list[None] = []

    def confirms_and_acts(output: StoredOutput) -> None:
        confirm(output)
        calls.append(None)
        if len(calls) == 2:
            act()

    monkeypatch.setattr(StoredOutput, "confirm_lock", confirms_and_acts)


def test_a_run_that_lost_its_lock_after_its_last_look_cannot_switch(
    place: StoreUrl, folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(place)
    before = files(folder)

    def take_over() -> None:
        assert HdfsLock(HdfsStore(place), lease=-1)._try_to_take() is None

    with monkeypatch.context() as patch:
        intervening(patch, take_over)
        with pytest.raises(OutputLockedError, match="another run has switched CURRENT"):
            run(place, posts=400)
    assert live(folder) == first.id
    assert {path for path in files(folder) if not path.startswith(".CURRENT")} == before


class TestLock:
    def test_one_process_has_it(self, place: StoreUrl) -> None:
        with HdfsLock(HdfsStore(place)), pytest.raises(OutputLockedError) as caught:
            HdfsLock(HdfsStore(place)).acquire()
        assert str(caught.value).startswith(f"another run holds the output {place}: process ")
        assert caught.value.exit_code == 4
        with HdfsLock(HdfsStore(place)):
            pass

    def test_of_many_that_come_together_one_gets_it(self, place: StoreUrl) -> None:
        def come(lock: HdfsLock) -> bool:
            try:
                lock.acquire()
            except OutputLockedError:
                return False
            return True

        for _ in range(2):  # the first time there is no lock, then a released one
            locks = [HdfsLock(HdfsStore(place)) for _ in range(6)]
            with ThreadPoolExecutor(6) as pool:
                (holder,) = (lock for lock, got in zip(locks, pool.map(come, locks), strict=True) if got)
            holder.confirm()
            holder.release()

    def test_a_holder_whose_lock_was_taken_is_told(self, place: StoreUrl) -> None:
        lost = HdfsLock(HdfsStore(place))
        lost.acquire()
        lost.confirm()
        with HdfsLock(HdfsStore(place), lease=-1), pytest.raises(OutputLockedError, match="was taken by another run"):
            lost.confirm()
        lost.release()
        HdfsLock(HdfsStore(place)).acquire()

    def test_renewals_whose_answers_are_lost_are_no_loss(self, place: StoreUrl, hdfs: FakeHdfs) -> None:
        lock = HdfsLock(HdfsStore(place))
        lock.acquire()
        stopped(hdfs, "RENAME", ".lock", LOST, times=1)
        lock.confirm()
        hdfs.fault = lambda _: None
        lock.confirm()
        lock.release()


def test_damage_of_the_base_is_found_before_it_is_used(place: StoreUrl, folder: Path, run: Runner) -> None:
    first = run(place, days=2)
    entry = next(entry for entry in first.files if entry.table == "members")
    content = bytearray((folder / entry.path).read_bytes())
    content[30] ^= 1
    (folder / entry.path).write_bytes(content)
    with pytest.raises(JobError, match=f"^{place}/{entry.path}: its checksum is not the manifest's"):
        Snapshot.open(open_base(place)).stored("members", entry.bucket)
    assert run(place, days=3).mode.reason.startswith(f"the live snapshot is damaged: {place}/{entry.path}: ")


def test_an_answer_that_breaks_off_is_asked_for_again(place: StoreUrl, hdfs: FakeHdfs, run: Runner) -> None:
    run(place)
    stopped(hdfs, "OPEN", ".parquet", CUT, times=1)
    validate(Snapshot.open(open_output(place)))

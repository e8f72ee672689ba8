"""An output in Hadoop's own HDFS has the guarantees that one in a folder has."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike.errors import OutputLockedError, StoreRefusedError
from lookalike.outputs.hdfslock import HdfsLock
from lookalike.outputs.hdfsstore import HdfsStore
from lookalike.outputs.opening import open_output, shared_output, shared_store
from lookalike.outputs.store import PIECE
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.reader import Snapshot
from tests.stores.running import Runner, tables

from .daemons import Hadoop

pytestmark = pytest.mark.thorough

LARGE = bytes(range(256)) * (PIECE // 256 + 1)


@pytest.fixture
def place(asking: Hadoop, request: pytest.FixtureRequest) -> StoreUrl:
    """An output with nothing in it."""
    for known in (shared_output, shared_store):
        known.cache_clear()
    return StoreUrl.parse(f"{asking.url}/work/outputs/{request.node.name}")


def names(store: HdfsStore, folder: str = "") -> set[str]:
    return {one.name for one in store.files.children(store.path(folder))}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs the job in this process, without Spark."""
    return Runner(tmp_path, monkeypatch)


def test_hdfs_receives_row_for_row_what_a_folder_does(place: StoreUrl, run: Runner, tmp_path: Path) -> None:
    store = HdfsStore(place)
    for days, mode in ((2, "full"), (3, "incremental")):
        there, here = (run(output, days=days) for output in (place, tmp_path / "here"))
        assert (there.mode.name, here.mode.name) == (mode, mode)
        found = tables(there, lambda path: store.get(path, 1 << 30)[0])
        assert found == tables(here, lambda path: (tmp_path / "here" / path).read_bytes())
        assert Snapshot.open(open_output(place)).manifest.id == there.id
    assert names(store) == {".lock", "CURRENT", "snapshots"}
    assert names(store, ".lock") == {"free"}


def test_a_large_file_arrives_whole_and_replaces_another(place: StoreUrl) -> None:
    store = HdfsStore(place)
    for content in (LARGE, LARGE[::-1]):
        store.put_pieces("a/large", iter([content[:PIECE], content[PIECE:]]))
        assert store.part("a/large", 0, len(content), None) == content
        assert bytes(store.ranges("a/large", [PIECE - 3], [6])[0]) == content[PIECE - 3 : PIECE + 3]
    assert names(store, "a") == {"large"}
    store.delete(["a/large"])
    assert store.list("a") == []


def test_one_holds_the_lock_and_loses_it_after_its_lease(place: StoreUrl) -> None:
    store = HdfsStore(place)
    first, second = (HdfsLock(store, lease=lease, renewal=1000) for lease in (60, 0.001))
    with first:
        with pytest.raises(OutputLockedError, match="another run holds the output"):
            HdfsLock(store).acquire()
        second.acquire()  # for which a lease is short
        with pytest.raises(OutputLockedError, match="was taken by another run"):
            first.confirm()
        second.put_current(b"second\n")
        second.release()
    assert store.get("CURRENT", 100)[0] == b"second\n"
    with HdfsLock(store) as third:
        third.put_current(b"third\n")
    assert store.get("CURRENT", 100)[0] == b"third\n"


def test_lines_are_appended(place: StoreUrl) -> None:
    output = open_output(place)
    for line in ("one", "two"):
        output.append_run(line)
    assert HdfsStore(place).get("runs.jsonl", 100)[0] == b"one\ntwo\n"


def test_who_may_not_write_is_told_in_one_line(asking: Hadoop, run: Runner) -> None:
    with pytest.raises(StoreRefusedError) as caught:
        run(StoreUrl.parse(f"{asking.url}/not-mine/out"))
    assert "access denied to analyst (AccessControlException)" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert HdfsStore(StoreUrl.parse(asking.url)).files.status("not-mine") is None

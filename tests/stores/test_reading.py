"""A snapshot in a bucket is read as one in a folder, by few requests, which are not made twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lookalike.errors import SnapshotError, StoreError
from lookalike.outputs.blockcache import BlockCache
from lookalike.outputs.buckets import bucket_of
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.opening import open_output
from lookalike.outputs.storedoutput import StoredOutput
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.openfiles import DataFile
from lookalike.snapshots.reader import Snapshot
from tests.snapshots.publishing import publish_sample
from tests.snapshots.samples import make_sample

from .proxy import Asked, Proxy
from .running import Bucket

SIZES = {"big": 150, "middle": 40, "small": 12, "tiny": 1}
FEW = SIZES | {"big": 50}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """With so many row groups that the footers of some files are long."""
    output = tmp_path_factory.mktemp("local")
    return publish_sample(output, make_sample(SIZES, buckets=2), row_group_rows=8, parts=2)


def folder_of(local: Snapshot) -> Path:
    assert isinstance(local.output, FolderOutput)
    return local.output.folder


def copied(local: Snapshot, url: StoreUrl) -> None:
    """Put a snapshot of a folder into a bucket as it is."""
    bucket, output = Bucket(url), folder_of(local)
    for path in output.rglob("*"):
        if path.is_file() and path.name != ".lock":
            bucket.write(str(path.relative_to(output)), path.read_bytes())


@pytest.fixture
def remote(url: StoreUrl, local: Snapshot, proxy: Proxy) -> Snapshot:
    copied(local, url)
    snapshot = Snapshot.open(open_output(str(url), brisk=True))
    proxy.asked.clear()
    return snapshot


def ask_all(snapshot: Snapshot) -> list[object]:
    """All look-ups of all keys, and of some that are not there."""
    found: list[object] = []
    for key in (*SIZES, "nobody's", "\ud800"):
        found += [snapshot.hashtag(key), snapshot.members(key), snapshot.pairs(key)]
    for row in snapshot.members("middle").to_pylist()[::10]:
        account = row["account_id"]
        found += [snapshot.account(account), snapshot.account_hashtags(account), snapshot.lookalikes(account)]
    return found


def test_all_look_ups_find_what_they_find_in_a_folder(local: Snapshot, remote: Snapshot) -> None:
    assert ask_all(remote) == ask_all(local)


def test_what_was_read_is_not_asked_for_again(remote: Snapshot, proxy: Proxy) -> None:
    before = ask_all(remote)
    asked = len(proxy.asked)
    assert asked > 0
    assert ask_all(remote) == before
    assert len(proxy.asked) == asked


def test_a_row_group_takes_one_request_and_a_footer_one_or_two(
    local: Snapshot, remote: Snapshot, proxy: Proxy
) -> None:
    lengths = set()
    for entry in local.manifest.files:
        proxy.asked.clear()
        there, here = DataFile(remote.output, entry), DataFile(local.output, entry)
        assert there.bounds == here.bounds
        footers = len(proxy.asked)
        lengths.add(footers)
        for group in range(0, len(here.bounds), 7):
            proxy.asked.clear()
            assert there.read(group) == here.read(group)
            assert len(proxy.asked) <= 1  # none if the end of the file was the whole of it
    assert lengths == {1, 2}


def test_single_columns_are_fetched_alone(local: Snapshot, remote: Snapshot, proxy: Proxy) -> None:
    entry = max((entry for entry in local.manifest.files if entry.table == "pairs"), key=lambda entry: entry.bytes)
    there, here = DataFile(remote.output, entry), DataFile(local.output, entry)
    proxy.asked.clear()
    for columns in (["similarity"], ["hashtag", "account_b"]):
        assert there.read(0, columns) == here.read(0, columns)
    assert there.read(0) == here.read(0)
    assert all(asked.range is not None for asked in proxy.asked)
    ranges = [asked.range.removeprefix("bytes=").split("-") for asked in proxy.asked if asked.range]
    assert sum(int(stop) + 1 - int(start) for start, stop in ranges) < entry.bytes / 2


def test_the_cache_keeps_no_more_than_its_bytes(url: StoreUrl, tmp_path: Path, proxy: Proxy) -> None:
    few = publish_sample(tmp_path, make_sample(FEW, buckets=2), row_group_rows=8, parts=2)
    copied(few, url)
    output = open_output(str(url), brisk=True, block_cache_bytes=50_000)
    assert isinstance(output, StoredOutput)
    snapshot = Snapshot.open(output)
    found = ask_all(few)
    assert ask_all(snapshot) == found
    assert 0 < output._blocks.used <= 50_000
    asked = len(proxy.asked)
    assert ask_all(snapshot) == found
    assert len(proxy.asked) > asked  # for what had been forgotten


@pytest.mark.parametrize("status", [503, 404])
def test_a_store_that_fails_is_told_of_and_asked_again_later(
    local: Snapshot, remote: Snapshot, proxy: Proxy, status: int
) -> None:
    kept = remote.pairs("middle")
    proxy.fault = lambda _: status
    assert remote.pairs("middle") == kept
    with pytest.raises(StoreError) as caught:
        remote.members("middle")
    assert "\n" not in str(caught.value)
    proxy.fault = lambda _: None
    assert remote.members("middle") == local.members("middle")


def test_a_server_that_hiccups_is_asked_again_at_once(local: Snapshot, remote: Snapshot, proxy: Proxy) -> None:
    seen: set[Asked] = set()

    def first_time(asked: Asked) -> int | None:
        known = asked in seen
        seen.add(asked)
        return None if known else 503

    proxy.fault = first_time
    assert remote.pairs("small") == local.pairs("small")


def test_damage_is_told_as_in_a_folder(url: StoreUrl, local: Snapshot) -> None:
    copied(local, url)
    bucket = Bucket(url)
    entry = max((entry for entry in local.manifest.files if entry.table == "members"), key=lambda entry: entry.bytes)
    good = bucket.read(entry.path)

    def read_all() -> None:
        file = DataFile(open_output(str(url)), entry)
        for group in range(len(file.bounds)):
            file.read(group)

    read_all()
    for damaged, reason in (
        (good[:-1], f"has {len(good) - 1} bytes, the manifest says {len(good)}"),
        (good + b"x", f"has {len(good) + 1} bytes"),
        (good[:-6] + bytes(6), "is damaged"),
        (bytes(len(good)), "is damaged"),
    ):
        bucket.write(entry.path, damaged)
        with pytest.raises(SnapshotError, match=reason):
            read_all()
    bucket.remove(entry.path)
    with pytest.raises(SnapshotError, match="cannot be read"):
        read_all()


class Counted:
    """Content that is fetched slowly, and how often each piece was."""

    def __init__(self) -> None:
        self.fetched: list[int] = []
        self.fails = False
        self.gate = threading.Event()

    def __call__(self, key: str, starts: Sequence[int], lengths: Sequence[int]) -> list[memoryview]:
        self.fetched += starts
        self.gate.wait()
        if self.fails:
            raise StoreError(key)
        return [memoryview(bytes([start % 256]) * length) for start, length in zip(starts, lengths, strict=True)]


def waiting_together(cache: BlockCache, source: Counted) -> list[object]:
    """What eight threads get that ask for overlapping pieces before any has come."""

    def ask(number: int) -> object:
        try:
            return [bytes(view) for view in cache.get("k", [(number % 2, 3), (2, 3), (2, 3)])]
        except StoreError:
            return None

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(ask, number) for number in range(8)]
        while len(set(source.fetched)) < 3:
            time.sleep(0.001)
        source.gate.set()
        return [future.result() for future in futures]


def test_however_many_ask_a_block_is_fetched_once() -> None:
    source = Counted()
    cache = BlockCache(source, 1 << 20)
    even, odd = [b"\0\0\0", b"\2\2\2", b"\2\2\2"], [b"\1\1\1", b"\2\2\2", b"\2\2\2"]
    assert waiting_together(cache, source) == [even, odd] * 4
    assert sorted(source.fetched) == [0, 1, 2]
    assert len(cache) == 3


def test_a_fetch_that_fails_fails_for_all_who_wait_and_for_nobody_later() -> None:
    source = Counted()
    source.fails = True
    cache = BlockCache(source, 1 << 20)
    assert waiting_together(cache, source) == [None] * 8
    assert (len(cache), cache.used) == (0, 0)
    source.fails = False
    assert cache.get("k", [(2, 3)]) == [b"\2\2\2"]


def test_the_blocks_used_longest_ago_go_first_and_a_larger_one_is_not_kept() -> None:
    source = Counted()
    source.gate.set()
    cache = BlockCache(source, 3 * 600)  # three blocks of 100 bytes, with what they cost besides
    for start in (1, 2, 3, 1, 4, 1, 3, 2):
        cache.get("k", [(start, 100)])
    assert source.fetched == [1, 2, 3, 4, 2]
    assert cache.get("k", [(9, 5000)])[0].nbytes == 5000
    assert len(cache) == 3
    assert cache.used <= cache.capacity


def test_rows_of_several_generations_are_found(url: StoreUrl, tmp_path: Path, proxy: Proxy) -> None:
    one = publish_sample(tmp_path / "one", make_sample(FEW, buckets=2), row_group_rows=8, parts=2)
    several = publish_sample(
        tmp_path / "several", make_sample(FEW, buckets=2), row_group_rows=8, parts=2, generations=3
    )
    assert any(entry.replaces for entry in several.manifest.files)
    copied(several, url)
    remote = Snapshot.open(open_output(str(url), brisk=True))
    assert ask_all(remote) == ask_all(several)
    assert remote.pairs("big") == one.pairs("big")
    stored = remote.stored("members", bucket_of("big", 2))
    assert len(stored.files) == 6
    for file in stored.files:
        proxy.asked.clear()
        file.read(0)
        assert len(proxy.asked) <= 1

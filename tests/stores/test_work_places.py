"""The files that only one run needs: in a folder, or in the store, from which each machine fetches what it maps."""

from __future__ import annotations

import functools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.exchange.workfiles import read_columns, write_work_file
from jobs.exchange.workfolder import WorkFolder
from jobs.exchange.workobjects import WorkObjects
from jobs.exchange.workplace import WorkPlace
from jobs.stages.compare.tally import PairTally
from lookalike.errors import StoreError, StoreRefusedError, TooManyPairsError
from lookalike.outputs.layout import new_snapshot_id
from lookalike.outputs.opening import open_output, shared_store
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.leftovers import remove_dead_runs

from .proxy import Asked, Proxy
from .running import Bucket

SNAPSHOT = new_snapshot_id()
FOLDER = f"snapshots/{SNAPSHOT}/work"


@pytest.fixture
def driver(url: StoreUrl, tmp_path: Path) -> Iterator[WorkObjects]:
    """The store as the driver uses it."""
    shared_store.cache_clear()
    (tmp_path / "driver").mkdir()
    yield WorkObjects(url, SNAPSHOT, tmp_path / "driver")
    shared_store.cache_clear()


@pytest.fixture(params=["folder", "store"])
def work(request: pytest.FixtureRequest, tmp_path: Path) -> WorkPlace:
    if request.param == "folder":
        return WorkFolder(tmp_path)
    place: WorkObjects = request.getfixturevalue("driver")
    return place


@pytest.fixture
def machine(tmp_path: Path, driver: WorkObjects, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], WorkObjects]:
    """Lets this process be one of another machine, which does not see the driver's folders."""

    def become(name: str) -> WorkObjects:
        blocks = tmp_path / name / "application" / "blocks"
        blocks.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("SPARK_LOCAL_DIRS", f"{blocks},{tmp_path}/other")
        return WorkObjects(driver.url, SNAPSHOT, tmp_path / "not here")

    return become


def write(work: WorkPlace, name: str, content: bytes) -> None:
    with (work / name).create() as file:
        file.write(content)


def read(work: WorkPlace, name: str) -> bytes:
    return (work / name).local().read_bytes()


def fetched(proxy: Proxy) -> list[Asked]:
    """The requests for contents."""
    return [one for one in proxy.asked if one.method == "GET" and "/work/blake3-" in one.key]


def test_what_is_written_is_read_and_the_last_of_a_name_counts(work: WorkPlace) -> None:
    write(work, "one", b"first")
    write(work, "empty", b"")
    assert (read(work, "one"), read(work, "empty")) == (b"first", b"")
    write(work, "one", b"second")
    assert read(work, "one") == b"second"
    assert [(work / name).exists() for name in ("one", "two")] == [True, False]


def test_a_file_whose_writer_fails_is_not_there(work: WorkPlace, tmp_path: Path) -> None:
    def fail() -> None:
        with (work / "one").create() as file:
            file.write(b"half")
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        fail()
    assert not (work / "one").exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_tasks_count_together(work: WorkPlace) -> None:
    with work.counter("pairs") as one:
        assert one.add(3) == 3
        assert one.add(2) == 5
    with work.counter("pairs") as other, work.counter("others") as different:
        assert other.add(4) == 9
        assert different.add(1) == 1


def test_a_comparison_stops_at_what_tasks_of_all_machines_have_found(machine: Callable[[str], WorkObjects]) -> None:
    tally = PairTally.start(machine("one"), 1000, "the 1,000 of --max-pairs")
    with tally.task() as first:
        first.add(1000)
    machine("two")
    with tally.task() as second:
        second.add(1000)
        with pytest.raises(TooManyPairsError, match=r"^the comparison has found more than 2 times as many"):
            second.add(1)


def test_each_machine_fetches_a_file_once_whatever_number_of_processes_wait_for_it(
    driver: WorkObjects, machine: Callable[[str], WorkObjects], proxy: Proxy
) -> None:
    content = bytes(range(256)) * 50_000
    write(driver, "accounts.arrow", content)
    assert read(driver, "accounts.arrow") == content
    assert fetched(proxy) == []
    for name in ("one", "two"):
        here = machine(name)
        with ThreadPoolExecutor(8) as pool:
            copies = set(pool.map(lambda _, here=here: (here / "accounts.arrow").local(), range(8)))
        (copy,) = copies
        assert copy.read_bytes() == content
        assert copy.parent.parent.name == "application"  # which Spark removes
    pieces = Counter((one.key, one.range) for one in fetched(proxy))
    assert sorted(pieces.values()) == [2, 2]  # of the two pieces


def test_processes_of_the_drivers_machine_map_its_own_copies(
    driver: WorkObjects, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path / "application" / "blocks"))
    write(driver, "one", b"content")
    assert (driver / "one").local().parent == driver.driver_copies
    assert fetched(proxy) == []


def test_what_the_driver_wrote_before_is_taken_over(
    driver: WorkObjects, machine: Callable[[str], WorkObjects]
) -> None:
    before = WorkFolder(driver.driver_copies)
    write(before, "one", b"1")
    write(before, "same", b"1")
    driver.take_over()
    there = machine("one")
    assert [read(place, name) for place in (driver, there) for name in ("one", "same")] == [b"1"] * 4


def test_a_machine_does_not_use_its_copy_of_what_was_written_again(
    driver: WorkObjects, machine: Callable[[str], WorkObjects]
) -> None:
    write(driver, "groups", b"of a run that adds")
    here = machine("one")
    assert read(here, "groups") == b"of a run that adds"
    write(driver, "groups", b"of the full run that it became")
    assert read(here, "groups") == b"of the full run that it became"


@pytest.mark.parametrize("damaged", [b"X" * 7, b"conten", b""])
def test_what_comes_damaged_is_not_used(
    driver: WorkObjects, machine: Callable[[str], WorkObjects], damaged: bytes, tmp_path: Path
) -> None:
    write(driver, "one", b"content")
    bucket = Bucket(driver.url)
    (key,) = (key for key in bucket.listing() if key.startswith(f"{FOLDER}/blake3-"))
    bucket.write(key, damaged)
    here = machine("one")
    with pytest.raises(StoreError, match=rf"^{driver.url}/{FOLDER}/blake3-\w+: "):
        read(here, "one")
    assert [path for path in (tmp_path / "one").rglob("blake3-*") if path.suffix != ".lock"] == []
    bucket.write(key, b"content")
    assert read(here, "one") == b"content"


def test_a_store_that_fails_is_said_in_one_line_and_is_no_damage_of_a_snapshot(
    driver: WorkObjects, proxy: Proxy
) -> None:
    proxy.fault = lambda _: 403
    shared_store.cache_clear()
    with pytest.raises(StoreRefusedError, match=r"^s3://.*: access denied"):
        write(driver, "one", b"1")
    proxy.fault = lambda _: None
    with pytest.raises(
        StoreError, match=r"^s3://.*/work/one: cannot be read: there is no such object; start the run"
    ):
        read(driver, "one")


def test_nothing_is_left_of_a_run_that_ends_nor_after_the_next_of_one_that_dies(driver: WorkObjects) -> None:
    bucket = Bucket(driver.url)
    for end in (driver.remove, functools.partial(remove_dead_runs, open_output(str(driver.url)))):
        write(driver, "one", b"1")
        with driver.counter("pairs") as counter:
            counter.add(1)
        assert {key.rsplit("/", 1)[0] for key in bucket.listing()} == {FOLDER, f"{FOLDER}/pairs"}
        shutil.rmtree(driver.driver_copies)
        driver.driver_copies.mkdir()
        end()
        assert bucket.listing() == set()


def test_some_columns_are_read_without_the_others(
    driver: WorkObjects, machine: Callable[[str], WorkObjects], proxy: Proxy, tmp_path: Path
) -> None:
    rows = pa.record_batch({"key": ["one", "two"], "members": [list(range(500_000)), [7]], "size": [500_000, 1]})
    places: list[WorkPlace] = [driver, WorkFolder(tmp_path)]
    for place in places:
        write_work_file(place / "groups", rows.schema, [rows])
    proxy.asked.clear()
    other = machine("other")
    for place in (other, *places):
        found = read_columns(place / "groups", ("size", "key"))
        assert found.select(["key", "size"]).to_pylist() == rows.select(["key", "size"]).to_pylist()
    assert sum(map(length, fetched(proxy))) < 1_000_000
    assert [path for path in tmp_path.joinpath("other").rglob("*") if path.is_file()] == []


def length(asked: Asked) -> int:
    """Bytes of a range."""
    assert asked.range is not None
    first, last = asked.range.removeprefix("bytes=").split("-")
    return int(last) + 1 - int(first)

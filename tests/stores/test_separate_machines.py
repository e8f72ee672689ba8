"""A run whose tasks cannot see the driver's work folder, nor each other's, publishes what any other run does."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.exchange import worker
from jobs.exchange.stage import Stage
from jobs.exchange.workfolder import WorkFolder
from jobs.exchange.workobjects import WorkObjects
from jobs.incremental import changes
from jobs.pipeline import run as run_module
from jobs.spark.choose import choose_runner
from jobs.stages.group import hashtagtable
from jobs.strategy import full
from lookalike.errors import DiskError
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.manifest import Manifest
from tests.job.localshuffle import LocalShuffle
from tests.job.running import bytes_of, names_order

from .running import Bucket, Runner


@dataclasses.dataclass(frozen=True)
class SeparateMachines(LocalShuffle):
    """Each stage runs on another of three machines; the driver's work folder is not there meanwhile."""

    work: Path = Path()
    machines: Path = Path()
    monkeypatch: pytest.MonkeyPatch = dataclasses.field(default_factory=pytest.MonkeyPatch)

    def do(self, stage: Stage[Any], *, count: int, tasks: int) -> list[Any]:
        blocks = self.machines / f"machine-{len(self.stages) % 3}" / "application" / "blocks"
        blocks.mkdir(parents=True, exist_ok=True)
        with self.monkeypatch.context() as patched, self._hidden():
            patched.setenv("SPARK_LOCAL_DIRS", str(blocks))
            return super().do(stage, count=count, tasks=tasks)

    @contextlib.contextmanager
    def _hidden(self) -> Iterator[None]:
        hidden = self.machines / "driver"
        exists = self.work.exists()  # the last stage runs once it is removed
        _forget_mapped()
        if exists:
            self.work.rename(hidden)
        try:
            yield
        finally:
            assert not self.work.exists()
            if exists:
                hidden.rename(self.work)
            _forget_mapped()


def _forget_mapped() -> None:
    for cached in (
        worker.accounts_table,
        worker.account_buckets,
        hashtagtable.hashtag_table,
        changes.account_changes,
    ):
        cached.cache_clear()


@pytest.fixture
def separate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the tasks of runs through the shuffle run on machines of their own."""
    choose = choose_runner

    def choose_separate(engine: Any, exchange: Any, work: Path) -> Any:
        if exchange != "shuffle":
            return choose(engine, exchange, work)
        return SeparateMachines(engine, random.Random(1), work=work, machines=tmp_path / "machines")

    monkeypatch.setattr(run_module, "choose_runner", choose_separate)


def same_bytes(url: StoreUrl, there: Manifest, folder: Path, here: Manifest) -> None:
    assert there.counts == here.counts
    found, expected = bytes_of(there, Bucket(url).read), bytes_of(here, lambda path: (folder / path).read_bytes())
    assert found.keys() == expected.keys()
    assert [path for path, content in expected.items() if found[path] != content] == []


@pytest.mark.usefixtures("separate")
def test_full_and_incremental_runs_publish_the_bytes_of_a_folder_and_leave_no_work_file(
    url: StoreUrl, run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, listed = tmp_path / "here", set()
    for days, mode in ((1, "full"), (2, "incremental"), (3, "incremental")):
        expected = run(here, days=days, mode="incremental")
        found = run(url, days=days, mode="incremental", exchange="shuffle")
        assert (expected.mode.name, found.mode.name) == (mode, mode)
        same_bytes(url, found, here, expected)
        listed |= {f"snapshots/{found.id}/{name}" for name in ("manifest.json", "live")}
        listed |= {entry.path for entry in found.files}
    assert Bucket(url).listing() == listed | {"CURRENT", ".lock"}
    monkeypatch.setattr(full, "cheaper_names_order", names_order)
    same_bytes(url, run(url, exchange="shuffle", mode="full"), here, run(here, mode="full"))


@pytest.mark.usefixtures("separate")
def test_the_driver_fetches_no_members_and_no_lists(
    url: StoreUrl, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, fetched = WorkObjects.local, set[str]()

    def noted(work: WorkObjects, name: str) -> Path:
        if "SPARK_LOCAL_DIRS" not in os.environ:  # no task
            fetched.add(name)
        return local(work, name)

    monkeypatch.delenv("SPARK_LOCAL_DIRS", raising=False)
    monkeypatch.setattr(WorkObjects, "local", noted)
    monkeypatch.setattr(full, "cheaper_names_order", names_order)
    run(url, exchange="shuffle")
    assert fetched == {"accounts.arrow"}


@pytest.mark.usefixtures("separate")
def test_a_plan_leaves_nothing_in_the_store(url: StoreUrl, run: Runner) -> None:
    assert "nothing was written" in run.planned(url, exchange="shuffle")
    assert Bucket(url).listing() == set()


@pytest.mark.usefixtures("separate")
def test_a_run_that_fails_leaves_no_work_file(url: StoreUrl, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()

    def fail(*_: Any, **__: Any) -> None:
        seen.update(Bucket(url).listing())
        raise DiskError("full")

    monkeypatch.setattr(full.FullStages, "write", fail)
    with pytest.raises(DiskError, match=r"^full$"):
        run(url, exchange="shuffle")
    assert {key.rsplit("/", 1)[1] for key in seen if "/work/" in key} >= {"accounts.arrow", "hashtags.arrow"}
    assert Bucket(url).listing() == {".lock"}


@pytest.mark.usefixtures("separate")
def test_a_task_that_opens_a_file_of_the_drivers_work_folder_fails_in_these_tests(
    url: StoreUrl, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_folder(_runner: Any, _output: Any, publication: Any) -> Any:
        return contextlib.nullcontext(WorkFolder(publication.work))

    monkeypatch.setattr(run_module, "work_place", in_folder)
    with pytest.raises(FileNotFoundError, match=r"accounts\.arrow"):
        run(url, exchange="shuffle")

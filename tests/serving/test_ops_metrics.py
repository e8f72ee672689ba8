"""Counting, and adding up over worker processes."""

import multiprocessing
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from serving.ops import sharedvalues
from serving.ops.families import METHODS, ROUTES, STATUSES
from serving.ops.metrics import Metrics
from serving.ops.sharedvalues import SharedValues, worker_folder


def rendered(metrics: Metrics) -> dict[str, float]:
    lines = metrics.render().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_the_text_is_as_prometheus_wants_it() -> None:
    metrics = Metrics()
    metrics.request("/livez", "GET", 200, 0.003)
    metrics.snapshot_swapped("20261123T150102Z-1a2b3c", datetime(2026, 11, 23, 15, 1, 2, tzinfo=UTC))
    text = metrics.render().decode()
    assert text.endswith("\n")
    label = r'[a-z_]+="[^"\\\n]*"'
    sample = re.compile(rf"[a-z_]+(\{{{label}(,{label})*\}})? (\+Inf|-?[0-9.e+-]+)")
    names: list[str] = []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            names.append(line.split()[2])
            assert line.split()[3] in {"counter", "gauge", "histogram"}
        elif not line.startswith("# HELP "):
            assert sample.fullmatch(line), line
            assert re.split(r"[{ ]", line)[0].removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") in (
                names[-1],
                names[-1].removesuffix("_count"),
            )
    assert len(set(names)) == len(names)
    assert 'lookalike_snapshot_info{snapshot="20261123T150102Z-1a2b3c"} 1' in text


def test_a_duration_counts_in_its_bucket_and_all_larger_ones() -> None:
    metrics = Metrics()
    for seconds in (0.0001, 0.001, 0.0011, 1000.0):
        metrics.request("/livez", "GET", 200, seconds)
    found = rendered(metrics)
    name = "lookalike_http_request_duration_seconds"
    buckets = {bound: found[f'{name}_bucket{{route="/livez",le="{bound}"}}'] for bound in ("0.0005", "0.001", "30.0")}
    assert buckets == {"0.0005": 1, "0.001": 2, "30.0": 3}
    assert found[f'{name}_bucket{{route="/livez",le="+Inf"}}'] == found[f'{name}_count{{route="/livez"}}'] == 4
    assert found[f'{name}_sum{{route="/livez"}}'] == pytest.approx(1000.0022)


def test_no_request_makes_a_new_series() -> None:
    metrics = Metrics()
    for number in range(2000):
        metrics.request(f"/made/up/{number}", f"M{number}", number, 0.001)
        metrics.request("/livez", "GET", number, 0.001)
    series = [name for name in rendered(metrics) if name.startswith("lookalike_http_requests_total")]
    assert len(series) <= 2 * (len(STATUSES) + 1)
    assert len(metrics._slots) <= len(ROUTES) * len(METHODS) * 2000
    assert rendered(metrics)['lookalike_http_requests_total{route="other",method="other",status="other"}'] > 1900


def test_each_kind_of_event_has_its_series() -> None:
    metrics = Metrics()
    metrics.cache(True)
    metrics.cache(False)
    metrics.cache(False)
    metrics.cache_bytes(4096)
    metrics.live(0.2)
    metrics.snapshot_swapped("20261123T150102Z-1a2b3c", datetime(2026, 11, 23, tzinfo=UTC))
    metrics.snapshot_refused()
    metrics.lines_dropped(7)
    metrics.refused("timeout")
    found = rendered(metrics)
    assert found['lookalike_cache_lookups_total{result="hit"}'] == 1
    assert found['lookalike_cache_lookups_total{result="miss"}'] == 2
    assert found["lookalike_cache_bytes"] == 4096
    assert found["lookalike_live_seconds_count"] == 1
    assert found["lookalike_snapshot_swaps_total"] == 1
    assert found["lookalike_snapshots_refused_total"] == found["lookalike_snapshot_refused"] == 1
    assert found["lookalike_snapshot_created_timestamp_seconds"] == datetime(2026, 11, 23, tzinfo=UTC).timestamp()
    assert found["lookalike_log_lines_dropped_total"] == 7
    assert found['lookalike_http_requests_refused_total{reason="timeout"}'] == 1
    assert found["process_resident_memory_bytes"] > 1_000_000
    metrics.snapshot_accepted()
    assert rendered(metrics)["lookalike_snapshot_refused"] == 0


def _work(folder: Path, pipe: Connection, created: datetime) -> None:
    metrics = Metrics(folder=folder)
    metrics.begin()
    metrics.request("/livez", "GET", 200, 0.001)
    metrics.snapshot_swapped("20261123T150102Z-1a2b3c", created)
    pipe.send("counted")
    pipe.recv()


@contextmanager
def worker(folder: Path, created: datetime) -> Iterator[Callable[[], None]]:
    """Another process that has counted one request; what is given kills it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(folder, theirs, created))
    process.start()
    assert ours.recv() == "counted"

    def kill() -> None:
        process.kill()
        process.join()

    try:
        yield kill
    finally:
        kill()


def test_any_worker_answers_for_all_and_counters_outlive_a_worker(tmp_path: Path) -> None:
    metrics = Metrics(folder=tmp_path)
    metrics.begin()
    metrics.request("/livez", "GET", 200, 0.002)
    metrics.snapshot_swapped("20261123T150102Z-1a2b3c", datetime(2026, 11, 23, tzinfo=UTC))
    requests = 'lookalike_http_requests_total{route="/livez",method="GET",status="200"}'
    with worker(tmp_path, datetime(2026, 11, 22, tzinfo=UTC)) as kill:
        found = rendered(metrics)
        assert found[requests] == 2
        assert found["lookalike_http_requests_in_flight"] == 2
        assert found["lookalike_workers"] == 2
        oldest = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
        assert found["lookalike_snapshot_created_timestamp_seconds"] == oldest
        kill()
        found = rendered(metrics)
        assert found[requests] == 2
        assert found["lookalike_http_requests_in_flight"] == 1
        assert found["lookalike_workers"] == 1
        newest = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
        assert found["lookalike_snapshot_created_timestamp_seconds"] == newest


def test_workers_of_another_version_are_not_added_up(tmp_path: Path) -> None:
    Metrics(["/old"], folder=tmp_path).request("/old", "GET", 200, 0.001)
    assert rendered(Metrics(folder=tmp_path))["lookalike_workers"] == 1


def test_a_process_without_a_supervisor_shares_nothing() -> None:
    assert worker_folder() is None
    assert SharedValues(3, 1, None).folder is None


class _Supervisor:
    pid = os.getppid()


@pytest.fixture
def supervised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(multiprocessing, "parent_process", _Supervisor)
    monkeypatch.setattr(sharedvalues.tempfile, "gettempdir", lambda: str(tmp_path))  # type: ignore[attr-defined]  # is what it calls
    return tmp_path


def test_workers_of_one_supervisor_meet_in_a_folder_of_their_own(supervised: Path) -> None:
    folder = worker_folder()
    assert folder is not None
    assert folder == worker_folder()
    assert folder.parent == supervised
    assert folder.stat().st_mode & 0o777 == 0o700


def test_folders_of_services_that_have_ended_are_removed_and_others_left(supervised: Path) -> None:
    user = os.getuid()
    ended = supervised / f"lookalike-{user}-{2**22 + 1}-5"  # beyond the largest number of a process
    running = supervised / f"lookalike-{user}-{os.getpid()}-5"
    another = supervised / f"lookalike-{user + 1}-{2**22 + 1}-5"
    for folder in (ended, running, another):
        folder.mkdir()
        (folder / "file").touch()
    worker_folder()
    assert [folder.exists() for folder in (ended, running, another)] == [False, True, True]


def test_a_folder_that_others_can_write_is_not_used(supervised: Path) -> None:
    folder = worker_folder()
    assert folder is not None
    folder.chmod(0o777)
    with pytest.raises(PermissionError, match="belongs to somebody else"):
        worker_folder()
    folder.rmdir()
    folder.symlink_to(supervised / "elsewhere")
    with pytest.raises(PermissionError):
        worker_folder()

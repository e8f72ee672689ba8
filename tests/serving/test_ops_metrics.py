"""Counting, and adding up over worker processes."""

import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import prometheus_client.values
import pytest
from prometheus_client.values import MultiProcessValue

from serving.ops.metrics import METHODS, ROUTES, STATUSES, Metrics
from serving.settings import METRICS_VARIABLE
from tests.serving.running import ROOT


def rendered(metrics: Metrics) -> dict[str, float]:
    lines = metrics.render().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def answer(metrics: Metrics, route: str, method: str, status: int, seconds: float) -> None:
    metrics.begin()
    metrics.end(route, method, status, seconds)


def test_the_text_is_as_prometheus_wants_it() -> None:
    metrics = Metrics()
    answer(metrics, "/livez", "GET", 200, 0.003)
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
        answer(metrics, "/livez", "GET", 200, seconds)
    found = rendered(metrics)
    name = "lookalike_http_request_duration_seconds"
    buckets = {bound: found[f'{name}_bucket{{le="{bound}",route="/livez"}}'] for bound in ("0.0005", "0.001", "30.0")}
    assert buckets == {"0.0005": 1, "0.001": 2, "30.0": 3}
    assert found[f'{name}_bucket{{le="+Inf",route="/livez"}}'] == found[f'{name}_count{{route="/livez"}}'] == 4
    assert found[f'{name}_sum{{route="/livez"}}'] == pytest.approx(1000.0022)


def test_no_request_makes_a_new_series() -> None:
    metrics = Metrics()
    for number in range(2000):
        answer(metrics, f"/made/up/{number}", f"M{number}", number, 0.001)
        answer(metrics, "/livez", "GET", number, 0.001)
    series = [name for name in rendered(metrics) if name.startswith("lookalike_http_requests_total")]
    assert len(series) <= 2 * (len(STATUSES) + 1)
    assert len(metrics._series) <= len(ROUTES) * len(METHODS) * 2000
    assert rendered(metrics)['lookalike_http_requests_total{method="other",route="other",status="other"}'] > 1900


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


def _work(pipe: Connection, created: datetime) -> None:
    metrics = Metrics()
    metrics.begin()
    answer(metrics, "/livez", "GET", 200, 0.001)
    metrics.snapshot_swapped("20261123T150102Z-1a2b3c", created)
    metrics.sample()
    pipe.send("counted")
    pipe.recv()


@contextmanager
def worker(created: datetime) -> Iterator[Callable[[], None]]:
    """Another process that has counted one request, another being under way; what is given kills it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, created))
    process.start()
    assert ours.recv() == "counted"

    def kill() -> None:
        process.kill()
        process.join()

    try:
        yield kill
    finally:
        kill()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What workers share, used by this process too: prometheus_client has been imported without one."""
    monkeypatch.setenv(METRICS_VARIABLE, str(tmp_path))
    value = MultiProcessValue()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    monkeypatch.setattr(prometheus_client.values, "ValueClass", value)
    return tmp_path


def test_any_worker_answers_for_all_and_counters_outlive_a_worker(folder: Path) -> None:
    metrics = Metrics()
    metrics.begin()
    answer(metrics, "/livez", "GET", 200, 0.002)
    metrics.snapshot_swapped("20261123T150102Z-1a2b3c", datetime(2026, 11, 23, tzinfo=UTC))
    requests = 'lookalike_http_requests_total{method="GET",route="/livez",status="200"}'
    durations = 'lookalike_http_request_duration_seconds_count{route="/livez"}'
    alone = rendered(metrics)["process_resident_memory_bytes"]
    with worker(datetime(2026, 11, 22, tzinfo=UTC)) as kill:
        found = rendered(metrics)
        assert found[requests] == found[durations] == 2
        assert found["lookalike_http_requests_in_flight"] == 2
        assert found["lookalike_workers"] == 2
        assert found["process_resident_memory_bytes"] > alone
        oldest = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
        assert found["lookalike_snapshot_created_timestamp_seconds"] == oldest
        kill()
        found = rendered(metrics)
        assert found[requests] == found[durations] == 2
        assert found["lookalike_http_requests_in_flight"] == 1
        assert found["lookalike_workers"] == 1
        newest = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
        assert found["lookalike_snapshot_created_timestamp_seconds"] == newest
    assert [file.name for file in folder.glob("gauge_*")] == [
        file.name for file in folder.glob(f"gauge_*_{os.getpid()}.db")
    ]


def test_a_worker_that_has_just_begun_its_file_does_not_spoil_the_answer(folder: Path) -> None:
    metrics = Metrics()
    answer(metrics, "/livez", "GET", 200, 0.002)
    (folder / "counter_1.db").touch()
    assert rendered(metrics)['lookalike_http_requests_total{method="GET",route="/livez",status="200"}'] == 1


@pytest.mark.usefixtures("folder")
def test_a_worker_that_serves_nothing_yet_is_not_the_oldest() -> None:
    metrics = Metrics()
    assert "lookalike_snapshot_created_timestamp_seconds" not in rendered(metrics)
    with worker(datetime(2026, 11, 22, tzinfo=UTC)):
        oldest = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
        assert rendered(metrics)["lookalike_snapshot_created_timestamp_seconds"] == oldest


def test_a_process_without_a_folder_counts_for_itself() -> None:
    assert METRICS_VARIABLE not in os.environ
    metrics = Metrics()
    answer(metrics, "/livez", "GET", 200, 0.001)
    assert rendered(Metrics())["lookalike_workers"] == 1
    assert 'lookalike_http_requests_total{method="GET",route="/livez",status="200"}' not in rendered(Metrics())


def test_importing_the_service_writes_nothing_into_the_folder(tmp_path: Path) -> None:
    environ = os.environ | {METRICS_VARIABLE: str(tmp_path)}
    subprocess.run([sys.executable, "-c", "import serving.app, serving.__main__"], cwd=ROOT, env=environ, check=True)
    assert list(tmp_path.iterdir()) == []

"""Several processes behind one port, as `python -m serving` starts them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from .conftest import Published
from .damages import copied_snapshot
from .running import ServiceProcess, eventually, service_process


def environ_of(folder: Path) -> dict[str, str]:
    (folder / "tmp").mkdir()
    return {"LOOKALIKE_WORKERS": "2", "LOOKALIKE_LOG_FORMAT": "json", "TMPDIR": str(folder / "tmp")}


def metric(service: ServiceProcess, series: str) -> float:
    with service.new_client() as client:  # a new connection each goes to either of them
        lines = client.get("/metrics").raise_for_status().text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{series} ")), 0)


def test_two_workers_answer_alike_and_both_follow_the_snapshot(tmp_path: Path, medium_snapshot: Published) -> None:
    output = medium_snapshot.copy(tmp_path)
    with service_process(output, tmp_path, environ_of(tmp_path), module="serving") as service:
        expected = service.client.pairs("covid19")
        new = copied_snapshot(output)
        serving = f"serving snapshot {new}"
        eventually(lambda: service.log.count(serving) == 2)
        eventually(lambda: service.log.count("compiled functions are ready") == 2)
        for _ in range(40):
            with service.new_client() as client:
                assert client.get("/readyz").json()["snapshot"] == new
                assert client.pairs("covid19") == expected
    lines = [json.loads(line) for line in service.log.splitlines()]
    assert not [line for line in lines if line["log.level"] == "error" and "503" not in line["message"]]


def test_a_worker_that_dies_is_replaced_and_what_it_counted_stays(tmp_path: Path, tiny_snapshot: Published) -> None:
    with service_process(tiny_snapshot.output, tmp_path, environ_of(tmp_path), module="serving") as service:
        eventually(lambda: metric(service, "lookalike_workers") == 2)
        for _ in range(20):
            with service.new_client() as client:
                client.pairs("nobodyusedthis")
        counted = 'lookalike_http_requests_total{method="GET",route="/api/get_similar_accounts",status="200"}'
        eventually(lambda: metric(service, counted) == 20)
        (folder,) = (tmp_path / "tmp").iterdir()
        started = {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_livesum_*.db")}
        os.kill(min(started), signal.SIGKILL)
        eventually(lambda: f"Child process [{min(started)}] died" in service.log)
        eventually(lambda: metric(service, "lookalike_workers") == 2)
        assert metric(service, counted) == 20
        living = {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_*.db")}
        assert len(living) == 2
        assert living & started == {max(started)}
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.thorough
def test_workers_that_cannot_start_end_the_service(tmp_path: Path, tiny_snapshot: Published) -> None:
    environ = environ_of(tmp_path) | {"LOOKALIKE_API_KEYS_FILE": str(tmp_path / "none")}
    service = service_process(tiny_snapshot.output, tmp_path, environ, module="serving")
    with pytest.raises(AssertionError, match=r"LOOKALIKE_API_KEYS_FILE: .*/none: cannot be read"):
        service.__enter__()

"""The trial of clients that keep the service busy: each kind does what it is for, and what goes wrong is seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.stress.abuse import MOST_GROWTH, Abused
from bench.stress.abusers import ABUSES, abuse_for
from bench.stress.prober import probe_for
from tests.serving.rawclient import BoundedServer
from tests.serving.running import ServiceFactory, eventually, free_port

QUICK = [0.001] * 99


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoundedServer]:
    with BoundedServer(tmp_path_factory.mktemp("nowhere"), max_connections_per_address=10) as server:
        yield server


@pytest.mark.parametrize("kind", [kind for kind in ABUSES if kind not in ("quiet", "idle")])
def test_each_kind_of_client_sends_something_and_the_service_goes_on(server: BoundedServer, kind: str) -> None:
    few = replace(ABUSES[kind], connections=5, turns=1000)
    did = abuse_for(few, server.port, 0.5, "/hello")
    assert did.opened >= 5
    assert did.sent > 0
    assert server.ask() == 200


def test_clients_of_several_addresses_have_more_connections(server: BoundedServer) -> None:
    seen: list[int] = []
    for kind in ("many", "many-addresses"):
        busy = threading.Thread(target=abuse_for, args=(ABUSES[kind], server.port, 0.5, "/hello"))
        busy.start()
        most = 0
        while busy.is_alive():
            most = max(most, len(server.connections))
            time.sleep(0.01)
        seen.append(most)
    assert seen[0] <= 10 < seen[1]


def test_the_prober_times_answers_and_counts_what_is_none(tmp_path: Path) -> None:
    factory = ServiceFactory()
    try:
        port = int(factory(tmp_path, wait=False).url.rpartition(":")[2])
        found = eventually(lambda: probe_for(port, 0.3), lambda found: all(found.values()))
    finally:
        factory.close()
    assert set(found) == {"new", "kept"}
    failed = probe_for(free_port(), 0.2)
    assert failed.pop("new") == failed.pop("kept") == []
    refused = "ConnectionRefusedError(111, 'Connection refused')"
    assert sorted(failed) == [f"failed on kept: {refused}", f"failed on new: {refused}"]


def test_slow_answers_failed_ones_and_memory_are_told() -> None:
    def wrong(new: list[float], failed: dict[str, int] | None = None, grown: int = 0) -> list[str]:
        seconds = {"new": sorted(new), "kept": QUICK}
        return Abused(seconds=seconds, failed=failed or {}, peak_bytes=0, did="").wrong(grown)

    assert wrong([*QUICK, 0.09]) == []
    assert wrong([*QUICK, *QUICK, 5.0]) == []  # fewer than one in a hundred
    assert wrong([*QUICK, 0.11]) == ["new connections: more than one in a hundred took longer than 0.1 s"]
    assert wrong([]) == ["new connections: more than one in a hundred took longer than 0.1 s"]
    assert wrong(QUICK, {"failed on kept: reset": 2}) == ["2 answers failed on kept: reset"]
    assert wrong(QUICK, grown=MOST_GROWTH + 1) == ["the service took 100 MB more memory"]

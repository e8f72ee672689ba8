"""Several processes behind one port."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Published
from .running import eventually, service_process
from .test_damage import copied_snapshot


def test_two_workers_answer_alike_and_both_follow_the_snapshot(tmp_path: Path, medium_snapshot: Published) -> None:
    output = medium_snapshot.copy(tmp_path)
    environ = {"LOOKALIKE_WORKERS": "2", "LOOKALIKE_LOG_FORMAT": "json"}
    with service_process(output, tmp_path, environ) as service:
        expected = service.client.pairs("covid19")
        new = copied_snapshot(output)
        serving = f"serving snapshot {new}"
        eventually(lambda: service.log.count(serving) == 2)
        for _ in range(40):  # a new connection each goes to either of them
            with service.new_client() as client:
                assert client.get("/readyz").json()["snapshot"] == new
                assert client.pairs("covid19") == expected
    lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["log.level"] == "error" and "503" not in line["message"]]

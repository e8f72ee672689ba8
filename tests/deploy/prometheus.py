"""Debian's Prometheus, started with the project's configuration."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ..serving.running import eventually, free_port
from .examples import ROOT

FOLDER = ROOT / "deploy/monitoring"
RULES = ("recording.rules.yml", "alerts.rules.yml")
_BINARIES = ROOT / ".cache/prometheus/usr/bin"


def binary(name: str) -> str:
    """The path of promtool or prometheus."""
    if not (_BINARIES / name).exists():
        pytest.fail("this test needs Prometheus: make test-deploy", pytrace=False)
    return str(_BINARIES / name)


def rules() -> list[dict[str, Any]]:
    """All recording rules and alerts."""
    files = [yaml.safe_load((FOLDER / name).read_text()) for name in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


class Prometheus:
    """A server that is up."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url)

    def values(self, query: str) -> list[float]:
        """The values of the series that a query finds now."""
        found = self._get("query", query=query)["result"]
        return [float(series["value"][1]) for series in found]

    def alerts(self) -> set[str]:
        """The names of the alerts that are pending or sent."""
        return {alert["labels"]["alertname"] for alert in self._get("alerts")["alerts"]}

    def is_up(self) -> bool:
        """Whether it answers."""
        with contextlib.suppress(httpx.TransportError):
            return self._client.get("/-/ready").is_success
        return False

    def _get(self, what: str, **parameters: str) -> Any:
        answer = self._client.get(f"/api/v1/{what}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@contextlib.contextmanager
def prometheus(folder: Path, targets: dict[str, str]) -> Iterator[Prometheus]:
    """A server that reads these targets, by the names of their jobs; it looks and reckons every second."""
    given = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    given["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    for job in given["scrape_configs"]:
        job["static_configs"] = [{"targets": [targets[job["job_name"]]]}]
    for name in RULES:
        shutil.copy(FOLDER / name, folder)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(given))
    port = free_port()
    options = [f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={folder / 'data'}"]
    command = [binary("prometheus"), f"--config.file={folder / 'prometheus.yml'}", *options]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    server = Prometheus(f"http://127.0.0.1:{port}")
    try:
        eventually(server.is_up)
        yield server
    finally:
        process.terminate()
        process.wait()

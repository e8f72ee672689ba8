"""The rules of deploy/monitoring: of metrics that exist, tried on made-up series, and on the real service and job."""

import http.server
import math
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from serving.ops.metrics import REASONS, Metrics

from ..job.known import tiny
from ..serving.running import PATH, eventually, service_process
from .examples import ROOT
from .prometheus import FOLDER, binary, prometheus, rules

GUIDE = ROOT / "docs/how-to/answer-alerts.md"
TESTS = ("alerts.test.yml", "slow-alerts.test.yml")


def alerts() -> dict[str, str]:
    """The expression of each alert."""
    return {rule["alert"]: rule["expr"] for rule in rules() if "alert" in rule}


def test_each_alert_has_its_section_in_the_guide_and_each_section_its_alert() -> None:
    sections = re.findall(r"^## (.*)$", GUIDE.read_text(), re.MULTILINE)
    assert sections == list(alerts())
    for rule in rules():
        if "alert" in rule:
            assert rule["annotations"]["guide"] == f"docs/how-to/answer-alerts.md#{rule['alert'].lower()}"


def test_each_alert_has_a_case_in_which_it_is_sent_and_one_in_which_it_is_not() -> None:
    cases = [
        (check["alertname"], bool(check["exp_alerts"]))
        for name in TESTS
        for test in yaml.safe_load((FOLDER / name).read_text())["tests"]
        for check in test["alert_rule_test"]
    ]
    assert {*cases} == {(alert, sent) for alert in alerts() for sent in (True, False)}


def test_the_alert_of_clients_that_are_turned_away_names_reasons_that_there_are() -> None:
    (named,) = re.findall(r'reason=~"([a-z|]+)"', alerts()["LookalikeTurnedAway"])
    assert {*named.split("|")} <= {*REASONS}
    assert b'lookalike_http_requests_refused_total{reason="concurrency"} 0.0' in Metrics().render()


@pytest.mark.thorough
@pytest.mark.parametrize("name", TESTS)
def test_promtool_sees_each_alert_as_its_cases_say(name: str) -> None:
    promtool("test", "rules", name)


@pytest.mark.thorough
def test_promtool_finds_no_fault_in_the_configuration() -> None:
    promtool("check", "config", "--lint=all", "prometheus.yml")


@pytest.mark.thorough
def test_every_rule_finds_the_numbers_of_a_real_service_and_job(tmp_path: Path) -> None:
    known, metrics = tiny(), tmp_path / "metrics"
    run = ["./spark-submit.sh", "--posts", str(known.posts), "--accounts", str(known.accounts)]
    run += ["--output", str(tmp_path / "output"), "--max-reject-fraction", "0.1"]
    run += ["--metrics-file", str(metrics / "lookalike.prom")]
    metrics.mkdir()
    subprocess.run(run, cwd=ROOT, check=True, capture_output=True)
    with (
        service_process(tmp_path / "output", tmp_path) as service,
        served(metrics) as textfile,
        prometheus(tmp_path, {"lookalike": service.url.removeprefix("http://"), "lookalike-job": textfile}) as server,
    ):

        def ask() -> None:
            for hashtag in ("maga", "nothing", "maga"):
                service.client.get(PATH, params={"hashtag": hashtag})

        def known_rules() -> set[str]:
            ask()
            recorded = [rule["record"] for rule in rules() if "record" in rule]
            return {rule for rule in recorded if any(map(math.isfinite, server.values(rule)))}

        eventually(
            known_rules, lambda found: len(found) == len({rule["record"] for rule in rules() if "record" in rule})
        )
        assert server.values("lookalike_run_exit_code") == [0]
        assert server.values("min(time() - lookalike_snapshot_created_timestamp_seconds)")[0] < 3600
        assert server.alerts() == set()
        service.process.kill()
        eventually(server.alerts, lambda pending: pending == {"LookalikeDown"})


def promtool(*arguments: str) -> None:
    done = subprocess.run([binary("promtool"), *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def served(metrics: Path) -> Iterator[str]:
    """A server that answers /metrics as node_exporter does with its textfile collector, but for its own metrics."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            return super().translate_path(path.replace("/metrics", "/lookalike.prom"))

        def guess_type(self, path: object) -> str:  # noqa: ARG002
            return "text/plain; version=0.0.4"

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(metrics)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

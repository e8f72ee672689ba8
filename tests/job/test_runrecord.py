"""What a run tells of itself: to the output folder, to Prometheus, to a web address."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jobs.options.config import JobConfig
from jobs.reporting import runrecord
from jobs.reporting.runrecord import RunRecord, send_record
from lookalike.outputs.lock import OutputLock

from .command import submit, submit_alone
from .known import tiny
from .running import Job, Result

START, END = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 5, 5, 500_000, tzinfo=UTC)


class Address:
    """A web address that answers with the given codes, the last one for good, and keeps what it was told."""

    def __init__(self, *codes: int) -> None:
        self.told: list[Any] = []
        left = list(codes)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805  # http.server's name; self is the address
                assert handler.headers["Content-Type"] == "application/json"
                self.told.append(json.loads(handler.rfile.read(int(handler.headers["Content-Length"]))))
                handler.send_response(left[0] if len(left) == 1 else left.pop(0))
                handler.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?secret=xyzzy"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def addresses() -> Iterator[Any]:
    opened: list[Address] = []

    def open_address(*codes: int) -> Address:
        opened.append(Address(*codes))
        return opened[-1]

    yield open_address
    for address in opened:
        address.server.shutdown()
        address.server.server_close()


def config(output: Path, **options: Any) -> JobConfig:
    return JobConfig(posts=("p",), accounts=("a",), output=output, **options)


def lines(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (output / "runs.jsonl").read_text().splitlines()]


def figures(path: Path) -> dict[str, float]:
    """The samples of a metrics file by name and label value."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


@pytest.fixture
def result(quick_job: Job, tmp_path: Path) -> Result:
    known = tiny()
    return quick_job(known.posts, known.accounts, output=tmp_path / "out", max_reject_fraction=0.1)


def test_a_run_is_one_line_with_what_it_counted(result: Result) -> None:
    record = RunRecord(START, END, 0, None, {"scan": 1.5}, result.manifest)
    send_record(config(result.output), record)
    send_record(config(result.output), RunRecord(START, END, 3, 'too\nmany "rejects"', {}, None))
    published, failed = lines(result.output)
    assert published == {
        "start": "2026-01-02T03:04:05.000+00:00",
        "end": "2026-01-02T03:05:05.500+00:00",
        "result": "published",
        "exit_code": 0,
        "error": None,
        "snapshot": result.manifest.id,
        "mode": {
            "name": "full",
            "reason": "there is no live snapshot to build on",
            "base": None,
            "files": 1,
            "bytes": tiny().posts.stat().st_size,
        },
        "counts": json.loads(result.manifest.counts.model_dump_json()),
        "seconds": {"scan": 1.5},
    }
    assert (failed["result"], failed["exit_code"], failed["error"]) == ("failed", 3, 'too\nmany "rejects"')
    assert (failed["snapshot"], failed["mode"]) == (None, None)


def test_figures_are_of_the_run_and_of_the_live_snapshot_even_if_the_run_failed(
    result: Result, tmp_path: Path
) -> None:
    path = tmp_path / "lookalike.prom"
    path.write_text("of an earlier run\n")
    send_record(config(result.output, metrics_file=path), RunRecord(START, END, 3, "no", {"scan": 1.5}, None))
    found, counts = figures(path), result.manifest.counts
    assert found["lookalike_run_start_timestamp_seconds"] == START.timestamp()
    assert found["lookalike_run_end_timestamp_seconds"] == END.timestamp()
    assert found["lookalike_run_exit_code"] == 3
    assert found["lookalike_run_stage_seconds scan"] == 1.5
    assert found["lookalike_snapshot_created_timestamp_seconds"] == result.manifest.created.timestamp()
    assert found[f"lookalike_snapshot_info {result.manifest.id}"] == 1
    assert found["lookalike_snapshot_count similar_pairs"] == counts.similar_pairs
    assert found["lookalike_snapshot_count memberships"] == counts.memberships
    assert found["lookalike_snapshot_count rows_of_posts_rejected"] == sum(counts.posts.rejected.values())
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("lookalike.prom")] == [path.name]


def test_without_a_snapshot_the_figures_are_of_the_run_alone(tmp_path: Path) -> None:
    path = tmp_path / "lookalike.prom"
    send_record(config(tmp_path / "nowhere", metrics_file=path), RunRecord(START, END, 2, "no", {}, None))
    assert set(figures(path)) == {
        f"lookalike_run_{what}" for what in ("start_timestamp_seconds", "end_timestamp_seconds", "exit_code")
    }
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("codes", [(200,), (503, 204), (500, 502, 200)])
def test_an_address_is_told_once_it_answers(
    tmp_path: Path, addresses: Any, codes: tuple[int, ...], capsys: Any
) -> None:
    address = addresses(*codes)
    send_record(config(tmp_path, webhook=address.url), RunRecord(START, END, 0, None, {}, None))
    assert address.told == lines(tmp_path) * len(codes)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("codes", "calls"), [((404,), 1), ((302,), 1), ((500,), 3)])
def test_an_address_that_does_not_take_it_is_a_warning_without_its_secret(
    tmp_path: Path, addresses: Any, codes: tuple[int, ...], calls: int, capsys: Any
) -> None:
    address = addresses(*codes)
    send_record(config(tmp_path, webhook=address.url), RunRecord(START, END, 0, None, {}, None))
    assert len(address.told) == calls
    warning = capsys.readouterr().err
    assert warning == f"warning: this run was not sent to the web address on 127.0.0.1: it answered {codes[-1]}\n"


def test_an_address_that_speaks_another_language_is_a_warning(tmp_path: Path, capsys: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble() -> None:
            for _ in range(3):
                connection, _ = listener.accept()
                connection.recv(1 << 16)
                connection.sendall(b"220 mail.example ESMTP\r\n")
                connection.close()

        threading.Thread(target=babble, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/xyzzy"
        send_record(config(tmp_path, webhook=url), RunRecord(START, END, 0, None, {}, None))
    warning = capsys.readouterr().err
    assert warning.startswith("warning: this run was not sent to the web address on 127.0.0.1: it answered no HTTP")
    assert "xyzzy" not in warning


def test_a_record_behind_one_that_was_cut_short_is_on_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_text('{"start": "2026-0')
    send_record(config(tmp_path), RunRecord(START, END, 0, None, {}, None))
    cut, whole = (tmp_path / "runs.jsonl").read_text().splitlines()
    assert cut == '{"start": "2026-0'
    assert json.loads(whole)["exit_code"] == 0


def test_what_cannot_be_written_is_a_warning_each(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(runrecord, "_CALL_SECONDS", 1)
    (tmp_path / "runs.jsonl").mkdir()
    options = {"metrics_file": tmp_path / "no folder" / "x.prom", "webhook": "http://127.0.0.1:9/x"}
    send_record(config(tmp_path, **options), RunRecord(START, END, 0, None, {}, None))
    record, metrics, webhook = capsys.readouterr().err.splitlines()
    assert record == "warning: this run was not added to the record of runs: Is a directory"
    file = options["metrics_file"]
    assert metrics == f"warning: this run was not written to the metrics file {file}: No such file or directory"
    assert webhook == "warning: this run was not sent to the web address on 127.0.0.1: Connection refused"


def test_the_command_tells_of_what_it_published_and_of_what_it_did_not(tmp_path: Path, addresses: Any) -> None:
    known, output, path, address = tiny(), tmp_path / "out", tmp_path / "lookalike.prom", addresses(200)
    given: list[str | Path] = ["--posts", known.posts, "--accounts", known.accounts, "--output", output]
    given += ["--metrics-file", path, "--webhook", address.url]
    done = submit_alone(*given, "--max-reject-fraction", "0.1")
    assert (done.returncode, done.stderr) == (0, "")
    damaged = submit(*given)
    with OutputLock(output):
        locked = submit(*given, "--wait", "1")
    assert (damaged.returncode, locked.returncode) == (3, 4)
    told = lines(output)
    assert address.told == told
    assert [(run["exit_code"], run["result"]) for run in told] == [(0, "published"), (3, "failed"), (4, "failed")]
    assert [*told[0]["seconds"]] == ["start", "accounts", "scan", "group", "compare", "write", "publish"]
    assert told[1]["error"] + "\n" == damaged.stderr.removeprefix("error: ").splitlines(keepends=True)[0]
    found = figures(path)
    assert found["lookalike_run_exit_code"] == 4
    assert found[f"lookalike_snapshot_info {told[0]['snapshot']}"] == 1
    manifest = output / "snapshots" / told[0]["snapshot"] / "manifest.json"
    kept = "".join(file.read_text() for file in (manifest, path, output / "runs.jsonl"))
    assert "xyzzy" not in kept + done.stdout + damaged.stderr + locked.stderr

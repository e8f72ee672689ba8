"""Whatever befalls a run, the live snapshot stays whole, and what is left behind goes with the next run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lookalike.errors import JobError, OutputLockedError, StoreError, StoreRefusedError
from lookalike.outputs.layout import new_snapshot_id
from lookalike.outputs.objectstore import ObjectOutput
from lookalike.outputs.urls import StoreUrl

from .proxy import LOST, Asked, Proxy
from .running import Bucket, Runner, write_inputs
from .server import Server

ROOT = Path(__file__).resolve().parents[2]


def start(
    url: StoreUrl | str, folder: Path, *, environ: dict[str, str] | None = None, options: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """The job's command, without Spark, in a process of its own."""
    posts, accounts = write_inputs(folder / "inputs", posts=400)
    command = [sys.executable, str(ROOT / "tests/stores/dying_run.py"), "--posts", str(posts)]
    command += ["--accounts", str(accounts), "--output", url]
    command += ["--min-similarity", "0.6", "--buckets", "3", *options]
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | (environ or {})
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables)


def intervening(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen after a run has put everything there, before its switch."""
    add_manifest = ObjectOutput.add_manifest

    def adds_and_acts(output: ObjectOutput, snapshot: str) -> None:
        add_manifest(output, snapshot)
        act()

    monkeypatch.setattr(ObjectOutput, "add_manifest", adds_and_acts)


def snapshots(bucket: Bucket) -> set[str]:
    return {key for key in bucket.listing() if key.startswith("snapshots/")}


@pytest.mark.parametrize("wanted", ["part-00000.parquet", "manifest.json"])
@pytest.mark.parametrize(("status", "kind"), [(400, StoreError), (403, StoreRefusedError)])
def test_an_upload_that_fails_publishes_nothing_and_leaves_nothing(
    url: StoreUrl, run: Runner, proxy: Proxy, wanted: str, status: int, kind: type[JobError]
) -> None:
    bucket = Bucket(url)
    first = run(url)
    before, live = snapshots(bucket), bucket.contents(first.id)
    puts: list[str] = []

    def fail(asked: Asked) -> int | None:
        if asked.method == "PUT" and asked.key.endswith(wanted):
            puts.append(asked.key)
            return status if wanted == "manifest.json" or len(puts) == 4 else None
        return None

    proxy.fault = fail
    with pytest.raises(kind) as caught:
        run(url, posts=400)
    assert str(url) in str(caught.value)
    assert "\n" not in str(caught.value)
    proxy.fault = lambda _: None
    assert snapshots(bucket) - before == set()
    assert (bucket.live(), bucket.contents(first.id)) == (first.id, live)
    assert run(url, posts=400).id == bucket.live()


def test_a_switch_whose_answer_is_lost_has_happened_once(url: StoreUrl, run: Runner, proxy: Proxy) -> None:
    run(url)
    switches: list[Asked] = []

    def lose(asked: Asked) -> int | None:
        if asked.method == "PUT" and asked.key.endswith("CURRENT"):
            switches.append(asked)
            return LOST if len(switches) == 1 else None
        return None

    proxy.fault = lose
    second = run(url, posts=400)
    assert len(switches) == 2
    assert Bucket(url).live() == second.id


def test_a_switch_of_which_nothing_is_known_removes_nothing(url: StoreUrl, run: Runner, proxy: Proxy) -> None:
    bucket = Bucket(url)
    first = run(url)
    proxy.fault = lambda asked: 400 if asked.method == "PUT" and asked.key.endswith("CURRENT") else None
    with pytest.raises(StoreError, match="may or may not be live") as caught:
        run(url, posts=400)
    (second,) = {key.split("/")[1] for key in snapshots(bucket)} - {first.id}
    assert second in str(caught.value)
    assert bucket.live() == first.id
    assert len(bucket.tables(second)["pairs"]) >= len(bucket.tables(first.id)["pairs"])


def test_a_run_whose_lock_was_taken_does_not_switch(
    url: StoreUrl, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(url)
    first = run(url)
    before = snapshots(bucket)
    other = json.dumps({"pid": 1, "host": "elsewhere", "start": "now", "token": "x", "renewal": 1, "lease": 60})
    intervening(monkeypatch, lambda: bucket.write(".lock", other.encode()))
    with pytest.raises(OutputLockedError, match="process 1 on elsewhere") as caught:
        run(url, posts=400)
    assert caught.value.exit_code == 4
    assert (bucket.live(), snapshots(bucket)) == (first.id, before)
    assert bucket.read(".lock").decode() == other


def test_a_run_that_finds_current_switched_by_another_does_not_switch_it(
    url: StoreUrl, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(url)
    run(url)
    before, other = snapshots(bucket), new_snapshot_id()
    intervening(monkeypatch, lambda: bucket.write("CURRENT", f"{other}\n".encode()))
    with pytest.raises(OutputLockedError, match="has switched CURRENT in the meantime") as caught:
        run(url, posts=400)
    assert caught.value.exit_code == 4
    assert (bucket.live(), snapshots(bucket)) == (other, before)


def test_of_two_first_runs_one_creates_current(url: StoreUrl, run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, other = Bucket(url), new_snapshot_id()
    intervening(monkeypatch, lambda: bucket.write("CURRENT", f"{other}\n".encode()))
    with pytest.raises(OutputLockedError):
        run(url)
    assert (bucket.live(), snapshots(bucket)) == (other, set())


def test_of_two_publishers_at_once_one_wins(url: StoreUrl, run: Runner, tmp_path: Path) -> None:
    bucket = Bucket(url)
    first = run(url)
    live = bucket.contents(first.id)
    runs = [start(url, tmp_path / name) for name in ("a", "b", "c")]
    ended = [(*process.communicate(), process.returncode) for process in runs]
    codes = sorted(code for _, _, code in ended)
    assert 0 in codes
    assert set(codes) <= {0, 4}, ended
    for out, err, code in ended:
        assert (f"in {url}" in out) == (code == 0)
        assert err.startswith(f"error: another run holds the output {url}: process ") == (code == 4)
    assert bucket.contents(first.id) == live
    assert bucket.live() == max(key.split("/")[1] for key in snapshots(bucket))
    assert len({key.split("/")[1] for key in snapshots(bucket)}) == 1 + codes.count(0)
    assert bucket.manifest().id == bucket.live()
    records = [json.loads(line) for line in bucket.read("runs.jsonl").splitlines()]
    assert sorted(record["exit_code"] for record in records) == codes


def test_a_run_that_waits_publishes_after_the_other(url: StoreUrl, tmp_path: Path) -> None:
    runs = [start(url, tmp_path / name, options=("--wait", "120")) for name in ("a", "b")]
    ended = [(*process.communicate(), process.returncode) for process in runs]
    assert [code for _, _, code in ended] == [0, 0], ended
    assert len({key.split("/")[1] for key in snapshots(Bucket(url))}) == 2


def test_a_run_killed_in_its_upload_is_cleared_up_after(
    url: StoreUrl, run: Runner, proxy: Proxy, tmp_path: Path
) -> None:
    bucket = Bucket(url)
    first = run(url)
    live, puts, process = bucket.contents(first.id), [], None

    def kill(asked: Asked) -> int | None:
        if asked.method == "PUT" and asked.key.endswith(".parquet"):
            puts.append(asked.key)
            if len(puts) == 6:
                assert process is not None
                process.send_signal(signal.SIGKILL)
        return None

    proxy.fault = kill
    process = start(url, tmp_path / "dead")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    (dead,) = {key.split("/")[1] for key in snapshots(bucket)} - {first.id}
    assert f"snapshots/{dead}/manifest.json" not in bucket.listing()
    assert (bucket.live(), bucket.contents(first.id)) == (first.id, live)

    with pytest.raises(OutputLockedError):  # nobody can know yet that it is dead
        run(url, posts=400)
    record = json.loads(bucket.read(".lock"))
    bucket.write(".lock", json.dumps(record | {"lease": 1}).encode())
    second = run(url, posts=400, wait=60)
    assert {key.split("/")[1] for key in snapshots(bucket)} == {first.id, second.id}
    assert (bucket.live(), bucket.contents(first.id)) == (second.id, live)
    again = start(url, tmp_path / "dead")  # on the machine of the dead run
    _, errors = again.communicate()
    assert (again.returncode, errors) == (0, "")


def refused(process: subprocess.Popen[str]) -> str:
    """The one line of a run that ended with exit code 2."""
    out, errors = process.communicate()
    assert process.returncode == 2, errors
    (line,) = errors.splitlines()
    assert out == ""
    return line


def test_wrong_credentials_are_told_in_one_line(url: StoreUrl, server: Server, tmp_path: Path) -> None:
    secret = "this is not it"
    line = refused(start(url, tmp_path / "a", environ=server.environ(secret=secret)))
    assert line.startswith(f"error: {url}/CURRENT: access denied (SignatureDoesNotMatch)")
    assert secret not in line
    line = refused(start(url, tmp_path / "b", environ=server.environ("nobody")))
    assert "access denied (InvalidAccessKeyId)" in line


def test_who_may_only_read_cannot_publish(url: StoreUrl, server: Server, tmp_path: Path) -> None:
    assert "access denied (AccessDenied)" in refused(start(url, tmp_path, environ=server.environ("reader")))
    assert Bucket(url).listing() == set()


def test_a_bucket_that_is_not_there_is_told_in_one_line(url: StoreUrl, tmp_path: Path) -> None:
    assert url
    line = refused(start("s3://no-such-bucket/out", tmp_path))
    assert line == "error: s3://no-such-bucket/out: there is no such bucket; create it first"


def test_an_endpoint_over_http_must_be_allowed(url: StoreUrl, tmp_path: Path) -> None:
    line = refused(start(url, tmp_path, environ={"AWS_ALLOW_HTTP": "false"}))
    assert "AWS_ALLOW_HTTP" in line


def test_a_run_is_told_of_wherever_it_was_asked_for(url: StoreUrl, tmp_path: Path) -> None:
    metrics = tmp_path / "lookalike.prom"
    process = start(url, tmp_path, options=("--metrics-file", str(metrics)))
    out, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    bucket = Bucket(url)
    assert out.startswith(f"Published snapshot {bucket.live()} in {url}\n")
    assert "Some of their most similar pairs" in out
    (record,) = bucket.read("runs.jsonl").splitlines()
    assert json.loads(record)["snapshot"] == bucket.live()
    assert f'lookalike_snapshot_info{{id="{bucket.live()}"}} 1.0' in metrics.read_text()

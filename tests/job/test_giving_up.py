"""No Java stays behind a command that ends with an error while Spark starts."""

import os
import select
import signal
import subprocess
import threading
import warnings
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call

import pytest
from py4j.protocol import Py4JNetworkError
from pyspark import SparkContext

from jobs.pipeline import run
from jobs.spark import session
from jobs.spark.engine import ClassicEngine

from .command import ROOT

LONG = "3600"  # seconds, for what is killed
WAIT = 600  # seconds, a bound for what takes one or two, longer on a busy machine


def test_java_that_starts_is_ended_and_no_other_process() -> None:
    other = subprocess.Popen(["sleep", LONG])
    java: list[subprocess.Popen[bytes]] = []
    started: Future[Any] = Future()
    started.set_running_or_notify_cancel()
    others = session.children()  # a Spark of other tests among them

    def start() -> None:
        java.append(subprocess.Popen(["sleep", LONG], env=os.environ | {"_PYSPARK_DRIVER_CONN_INFO_PATH": "x"}))

    thread = threading.Thread(target=start)
    thread.start()
    session.give_up(started, others)  # waits for the process, if it is not there yet
    thread.join()
    assert java[0].wait(WAIT) == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()


def test_spark_that_has_not_begun_to_start_never_does() -> None:
    started: Future[Any] = Future()
    session.give_up(started)
    assert not started.set_running_or_notify_cancel()


def test_spark_that_has_started_is_left_alone() -> None:
    started: Future[Any] = Future()
    started.set_result(None)
    java = subprocess.Popen(["sleep", LONG], env=os.environ | {"_PYSPARK_DRIVER_CONN_INFO_PATH": "x"})
    session.give_up(started)
    assert java.poll() is None
    java.kill()
    java.wait()


def test_where_processes_cannot_be_seen_it_waits_until_java_sees_its_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_PROCESSES", tmp_path)
    started: Future[Any] = Future()
    started.set_running_or_notify_cancel()
    thread = threading.Thread(target=lambda: started.set_result(None))
    thread.start()
    session.give_up(started)
    assert started.done()
    thread.join()


@pytest.mark.parametrize(
    ("options", "times"),
    [([], 2), pytest.param(["--master", "local-cluster[1,1,512]", "--"], 2, marks=pytest.mark.thorough)],
)
def test_failing_commands_one_right_after_the_other_leave_no_process(
    tmp_path: Path, options: list[str], times: int
) -> None:
    accounts = tmp_path / "accounts.tsv"
    accounts.write_text("id\tscreen_name\n")
    command: list[str | Path] = [
        ROOT / "spark-submit.sh",
        *options,
        "--posts",
        tmp_path / "none.tsv",
        "--accounts",
        accounts,
    ]
    command += ["--output", tmp_path / "out"]
    ours, theirs = os.pipe()
    for _ in range(times):
        with subprocess.Popen(command, stdout=theirs, stderr=theirs) as process:  # ends with Python; Java may live on
            assert process.wait() == 2
    os.close(theirs)
    told = b""
    while select.select([ours], [], [], WAIT)[0]:
        part = os.read(ours, 1 << 16)
        told += part
        if not part:  # every process that has the other end is gone
            break
    else:
        pytest.fail("a process stays behind")
    os.close(ours)
    assert told.decode().splitlines() == [f"error: {tmp_path}/none.tsv: no such file, folder or match"] * times


def test_a_start_that_fails_names_the_first_cause(tmp_path: Path) -> None:
    (tmp_path / "posts.tsv").write_text("id\tauthor_id\thashtags\np\tu\tVote\n")
    (tmp_path / "accounts.tsv").write_text("id\tscreen_name\nu\tabc\n")
    command: list[str | Path] = [ROOT / "spark-submit.sh", "--conf", "spark.extraListeners=no.such.Listener", "--"]
    for name in ("posts", "accounts"):
        command += [f"--{name}", tmp_path / f"{name}.tsv"]
    run = subprocess.run([*command, "--output", tmp_path / "out"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1] == (
        "error: Spark could not be started with the options given before --: "
        "java.lang.ClassNotFoundException: no.such.Listener"
    )


def test_that_java_is_gone_is_not_told_beside_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    context = object.__new__(SparkContext)
    context._jsc = java = Mock(**{"stop.side_effect": Py4JNetworkError("Answer from Java side is empty")})
    monkeypatch.setattr(SparkContext, "_active_spark_context", None)  # of other tests: stopping would forget it
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(KeyboardInterrupt), run._stopped_after_an_error(ClassicEngine(context)):
            raise KeyboardInterrupt
    assert context._jsc is None
    assert told == []
    assert java.mock_calls == [call.setLogLevel("OFF"), call.stop()]  # tasks that still run are killed without a word

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lookalike.errors import OutputLockedError
from lookalike.outputs.lock import OutputLock
from lookalike.snapshots.publisher import begin

HOLDER = """
import pathlib, subprocess, sys
from lookalike.outputs.lock import OutputLock
with OutputLock(pathlib.Path(sys.argv[1])):
    if len(sys.argv) > 2:
        child = [sys.executable, "-c", "print('held', flush=True); import sys; sys.stdin.read()"]
        subprocess.run(child, close_fds=False)
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(output: Path, *, child: bool = False) -> Iterator["subprocess.Popen[str]"]:
    """A second process that holds the lock until its standard input ends."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLDER, str(output), *(["child"] if child else [])]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_run_is_told_who_holds_the_output(tmp_path: Path) -> None:
    with holder(tmp_path) as process, pytest.raises(OutputLockedError) as caught:
        begin(tmp_path)
    assert caught.value.exit_code == 4
    assert f"another run holds the output {tmp_path}: process {process.pid} on " in str(caught.value)
    assert not (tmp_path / "snapshots").exists()


def test_a_holder_that_ends_gives_the_lock_back(tmp_path: Path) -> None:
    with holder(tmp_path):
        pass
    with OutputLock(tmp_path), pytest.raises(OutputLockedError), OutputLock(tmp_path):
        pass
    with OutputLock(tmp_path):
        pass


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with OutputLock(tmp_path):
            pass


def test_a_child_of_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    with holder(tmp_path, child=True) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with OutputLock(tmp_path):
            pass


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"pid": 1}', "\udcff"])
def test_a_lock_file_that_says_nothing_still_locks(tmp_path: Path, text: str) -> None:
    with OutputLock(tmp_path):
        (tmp_path / ".lock").write_text(text, errors="surrogateescape")
        with pytest.raises(OutputLockedError, match="holder unknown"):
            OutputLock(tmp_path).acquire()


def test_a_run_that_waits_gets_the_lock_as_soon_as_the_holder_ends(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        waiting = OutputLock(tmp_path)
        ending = threading.Timer(1, process.kill)
        ending.start()
        waiting.acquire(wait=600)
        assert process.wait() == -signal.SIGKILL
    with pytest.raises(OutputLockedError):
        OutputLock(tmp_path).acquire()
    waiting.release()


def test_a_run_that_has_waited_in_vain_is_told_who_holds_the_output(tmp_path: Path) -> None:
    with holder(tmp_path) as process, pytest.raises(OutputLockedError, match=f"process {process.pid} on "):
        begin(tmp_path, wait=1)

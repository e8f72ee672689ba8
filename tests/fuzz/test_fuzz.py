"""No damaged content crashes a reader, hangs it, or takes all memory."""

import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import TIMES

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache/fuzz"
SECONDS = 2 if TIMES == 1 else 3 * TIMES
LONGEST = 1200  # seconds until a process that does not end is a failure; its start may compile


@pytest.mark.random
def test_damaged_content_is_read_or_refused(tmp_path: Path) -> None:
    """Always the same content in the quick suite; new content with `make test-random`."""
    seed = "0" if TIMES == 1 else secrets.token_hex(4)
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", str(tmp_path / "fuzz"), str(SECONDS), seed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    if done.returncode:
        KEPT.mkdir(parents=True, exist_ok=True)
        for path in (tmp_path / "fuzz/reading").glob("*"):
            shutil.copy(path, KEPT)
            again = f"python -m tests.fuzz .cache/again {path.name.partition('-')[0]} {KEPT / path.name}"
            done.stderr += f"\nThe content is kept. To read it again: {again}"
    assert done.returncode == 0, f"code {done.returncode}, seed {seed}\n{done.stdout}{done.stderr}"
    print(done.stdout)


def end_of(reader: str, folder: Path) -> tuple[int, str]:
    """How a process ends whose reader does this, and the last line that it writes."""
    script = f"""
import ctypes, itertools, pathlib, time
from lookalike.errors import UsageError
from tests.fuzz.trying import Target, bound_memory, read
def reader(path, rng):
    {reader}
bound_memory(1 << 30)
print(read(Target(lambda rng: b"", reader), b"content", pathlib.Path("read"), hangs=0.3))
"""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", script],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    assert (folder / "read").read_bytes() == b"content"
    return done.returncode, (done.stdout + done.stderr).splitlines()[0]


@pytest.mark.parametrize(
    ("reader", "code", "says"),
    [
        ("pass", 0, "True"),
        ("raise UsageError('refused')", 0, "False"),
        ("raise ValueError('not an error of ours')", 1, "Traceback (most recent call last):"),
        ("for _ in itertools.count(): pass", 1, "Timeout (0:00:00.300000)!"),
        ("bytearray(2 << 30)", 1, "Traceback (most recent call last):"),
        ("ctypes.string_at(0)", -signal.SIGSEGV, "Fatal Python error: Segmentation fault"),
    ],
)
def test_a_crash_a_hang_and_too_much_memory_are_failures(tmp_path: Path, reader: str, code: int, says: str) -> None:
    assert end_of(reader, tmp_path) == (code, says)

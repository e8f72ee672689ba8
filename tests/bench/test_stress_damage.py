"""The trials of flipped bits, in short: they pass, and they fail where the check that they are for is missing.

Each runs in a process of its own, because it forks.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.jobrun import ROOT

pytestmark = pytest.mark.thorough  # `make stress` begins with them

# What a run or a service without the check would do; said before the trial begins.
_RUNS_BELIEVE = """\
from lookalike.outputs.comparedfolder import ComparedFolder
from lookalike.outputs.folder import FolderOutput
ComparedFolder.open_file, ComparedFolder.check_file = FolderOutput.open_file, lambda *_: None
"""
_SERVICE_BELIEVES = """\
from lookalike.outputs.comparedfolder import ComparedFolder
from lookalike.outputs.folder import FolderOutput
ComparedFolder.open_file = FolderOutput.open_file
"""


def trial(folder: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    given = [*arguments, "--folder", str(folder)]
    call = f"import sys\nfrom bench.stress.__main__ import main\nsys.exit(main({given!r}))\n"
    command = [sys.executable, "-c", before + call]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_runs_over_flipped_bits_give_the_right_rows(tmp_path: Path) -> None:
    done = trial(tmp_path / "trial", "flips", "--flips", "1", "--tables", "members", "manifest.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "full: 1 right, at most" in done.stdout
    assert done.stdout.count("incremental: 1 right after reading all, at most") == 2
    assert done.stdout.endswith("0 of 4 runs went wrong\n")


def test_the_trial_of_runs_fails_where_the_base_is_not_compared(tmp_path: Path) -> None:
    done = trial(tmp_path / "trial", "flips", "--flips", "6", "--tables", "account_hashtags", before=_RUNS_BELIEVE)
    assert done.returncode == 1
    assert "full: 6 right" in done.stdout
    assert "incremental run, byte " in done.stdout


def test_what_is_served_from_flipped_bits_has_the_right_rows(tmp_path: Path) -> None:
    tables = ("pairs", "spellings", "CURRENT")
    done = trial(tmp_path / "trial", "served", "--flips", "10", "--restarts", "1", "--tables", *tables)
    assert (done.returncode, done.stderr) == (0, "")
    pairs, spellings, current = done.stdout.splitlines()[1:4]
    assert " some refused, " in pairs
    assert "before a start: 1 all refused, " in pairs
    assert "while serving: 10 right, " in spellings
    assert "before a start: 1 right, " in spellings
    assert "while serving: 10 right, " in current
    assert "before a start: 1 all refused, " in current


def test_the_trial_of_the_service_fails_where_what_is_read_is_not_compared(tmp_path: Path) -> None:
    tables = ("hashtags", "pairs")
    command = ["served", "--flips", "20", "--restarts", "0", "--tables", *tables]
    done = trial(tmp_path / "trial", *command, before=_SERVICE_BELIEVES)
    assert done.returncode == 1
    assert "WRONG: byte " in done.stdout or "the service ended with" in done.stdout

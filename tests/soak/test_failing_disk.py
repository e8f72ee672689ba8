"""A disk that is full, or that may no longer be written to: the live snapshot stays, and the next run succeeds.

The disk is a file system in memory, mounted where only the test's own processes see it. That takes root.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .disks import ROOT

pytestmark = pytest.mark.thorough


def on_a_disk(folder: Path, scene: str) -> Any:
    """Play a scene of disks.py; what it has seen."""
    assert os.geteuid() == 0, "only root may mount a file system"
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.soak.disks", scene]
    done = subprocess.run([*command, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("scene", ["full", "full_on_the_way", "read_only"])
def test_the_live_snapshot_stays_and_the_next_run_clears_up(tmp_path: Path, scene: str) -> None:
    seen = on_a_disk(tmp_path, scene)
    first, failed, after, last = (seen[name] for name in ("first", "failed", "after", "last"))
    assert first["code"] == 0
    assert failed["code"] == (2 if scene == "read_only" else 1)
    line, *warnings = failed["stderr"].splitlines()
    assert all(warning.startswith("warning: this run was not added to the record of runs: ") for warning in warnings)
    assert ("Read-only file system" if scene == "read_only" else "No space left on device") in line
    assert after["live"] == first["live"]
    assert after["checked"] == [first["live"]]
    assert last["code"] == 0
    assert last["live"] != first["live"]
    assert sorted(last["folders"]) == sorted([first["live"], last["live"]]) == sorted(last["checked"])

"""The units, as systemd reads them, and the job in the sandbox that they ask for."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot

from .examples import ROOT, text, unit
from .machine import Machine

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)
EXPOSURE = 20  # of 100 that a sandbox can leave open; without one it is 96


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """The service beside its timer, for the project where it lies here: the command has to exist."""
    for name in ("lookalike.service", "lookalike.timer"):
        (tmp_path / name).write_text(text(name).replace("/opt/lookalike", str(ROOT)))
    return tmp_path / "lookalike.service"


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=600
    )


@needs_analyze
def test_it_finds_nothing_wrong(service: Path) -> None:
    done = analyze("verify", "--man=no", service, service.with_suffix(".timer"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_analyze
def test_it_would_find_a_setting_that_does_not_exist(service: Path) -> None:
    service.write_text(service.read_text().replace("ProtectSystem=", "ProtectSytem="))
    assert "ProtectSytem" in analyze("verify", "--man=no", service).stderr


@needs_analyze
def test_the_sandbox_leaves_little_open(service: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", service)
    assert done.returncode == 0, done.stdout


@pytest.mark.thorough
def test_the_job_writes_only_where_the_sandbox_lets_it(tmp_path: Path) -> None:
    """No systemd runs here: a mount of its own makes the same folders, and no others, writable."""
    if os.geteuid():
        pytest.fail("this test needs root", pytrace=False)
    machine = Machine(tmp_path / "machine")
    machine.add_posts(1, 2)
    service = unit("lookalike.service")
    writable, command = (shlex.split(machine.here(service[key])) for key in ("ReadWritePaths", "ExecStart"))
    confined = ["unshare", "--mount", str(Path(__file__).with_name("confined.sh")), *writable, "--"]
    assert subprocess.run([*confined, "test", "-w", str(ROOT)], check=False).returncode == 1
    done = subprocess.run([*confined, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Snapshot.open(FolderOutput(machine.output)).pairs("covid").num_rows == 1

"""Commands whose standard streams are closed, or full."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def exit_code(redirections: str, *command: str) -> int:
    shell = ["bash", "-c", f'exec "$0" "$@" {redirections}', sys.executable, *command]
    return subprocess.run(shell, cwd=ROOT, check=False, capture_output=True, timeout=60).returncode


@pytest.mark.parametrize("redirections", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    "command", [("jobs/similar_accounts.py", "--bogus"), ("-m", "jobs.snapshots", "bogus")], ids=["job", "snapshots"]
)
def test_a_message_that_cannot_be_written_changes_no_exit_code(redirections: str, command: tuple[str, ...]) -> None:
    assert exit_code(redirections, *command) == 2


def test_a_report_that_nobody_takes_is_no_error() -> None:
    posts = ROOT / "tests" / "data" / "tiny" / "posts.tsv"
    assert exit_code(">&-", "jobs/similar_accounts.py", "--inspect", str(posts)) == 0

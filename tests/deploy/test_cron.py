"""Debian's cron runs the job. It starts something once a minute at most, so this takes up to four minutes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import MANIFEST, snapshot_folder
from lookalike.outputs.lock import OutputLock
from lookalike.snapshots.reader import Snapshot

from ..serving.running import eventually
from .cron import Cron
from .machine import Machine


def started(snapshot: str) -> float:
    """When the run began that made a snapshot, in whole seconds."""
    return datetime.strptime(snapshot.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@pytest.mark.thorough
def test_it_publishes_each_time_and_a_run_that_meets_another_leaves_it_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "machine")
    machine.add_posts(1, 2)
    with Cron(machine, tmp_path) as cron:
        with OutputLock(machine.output):
            assert "another run holds the output" in eventually(lambda: cron.mail, lambda mail: "error: " in mail)
            assert FolderOutput(machine.output).live_or_none() is None
        first = eventually(lambda: FolderOutput(machine.output).live_or_none())
        assert first is not None
        machine.add_posts(3)
        second = eventually(lambda: FolderOutput(machine.output).live_or_none(), lambda snapshot: snapshot != first)
        assert second is not None

    assert [
        Snapshot.open(FolderOutput(machine.output), snapshot).pairs("covid").num_rows for snapshot in (first, second)
    ] == [1, 3]
    assert int((machine.output / snapshot_folder(first) / MANIFEST).stat().st_mtime) <= started(second)
    assert machine.log.read_text().count("Published snapshot") >= 2
    errors = [line for line in cron.mail.splitlines() if line.startswith("error: ")]
    assert [line for line in errors if "another run holds the output" not in line] == []

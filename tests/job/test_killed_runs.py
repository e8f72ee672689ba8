"""A run that is killed leaves the live snapshot as it was, and the next run clears up behind it."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot

from .command import ROOT
from .dying_run import MOMENTS
from .known import Known, tiny
from .running import BUCKETS, Job

SCRIPT = Path(__file__).with_name("dying_run.py")
# What is left of each dead run: files of it that show how far it came.
TRACES = {
    "accounts": ["work/accounts.arrow"],
    "scan": ["rejects/part-*.parquet"],
    "group": ["members/bucket=*/part-*.parquet", "work/groups-*.arrow"],
    "compare": ["members/bucket=*/part-*.parquet", "work/groups-*.arrow"],
    "write": ["pairs/bucket=*/part-*.parquet"],
    "merge members": ["work/changes.arrow", "work/groups-*.arrow"],
    "merge tables": ["work/hashtags.arrow"],
    "validate": ["hashtags/part-*.parquet", "manifest.json.unchecked"],
    "switch": ["manifest.json"],
}
# Where the process that dies leaves Java and a task's Python behind, in a run of each kind.
ON_SPARK = ("compare", "merge tables")
MORE = ("scan", "validate", "merge members")  # left to `make test-thorough`


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def die_at(moment: str, kind: str, known: Known, output: Path) -> None:
    """Run until the moment, and wait for all its processes. kind: whether on Spark, see dying_run.py."""
    spark = f"--master local[1] --properties-file '{ROOT}/conf/spark-defaults.conf' pyspark-shell"
    options: list[str | Path] = ["--posts", known.posts, "--accounts", known.accounts, "--output", output]
    options += ["--mode", "incremental" if moment.startswith("merge") else "full"]
    options += ["--buckets", str(BUCKETS), "--max-reject-fraction", "0.1"]
    command: list[str | Path] = [sys.executable, SCRIPT, kind, moment, *options]
    environment = os.environ | {"PYSPARK_SUBMIT_ARGS": spark}
    died = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        pytest.param(
            moment, "spark" if moment in ON_SPARK else "alone", marks=pytest.mark.thorough if moment in MORE else ()
        )
        for moment in MOMENTS
    ],
)
def test_a_killed_run_leaves_the_live_snapshot_and_the_next_run_clears_up(
    quick_job: Job, tmp_path: Path, moment: str, kind: str
) -> None:
    known, output = tiny(), tmp_path / "out"
    old = quick_job(known.posts, known.accounts, output=output, max_reject_fraction=0.1).manifest.id
    before = contents(output / "snapshots" / old)

    die_at(moment, kind, known, output)
    assert FolderOutput(output).live() == old
    assert contents(output / "snapshots" / old) == before
    assert Snapshot.open(FolderOutput(output)).manifest.id == old
    (dead,) = [path for path in (output / "snapshots").iterdir() if path.name != old]
    assert [pattern for pattern in TRACES[moment] if not list(dead.glob(pattern))] == []

    new = quick_job(known.posts, known.accounts, output=output, min_similarity="0.5", max_reject_fraction=0.1)
    assert sorted(new.pairs, key=lambda pair: (pair[0], -pair[4], *pair[1:3])) == known.pairs("0.5")
    assert contents(output / "snapshots" / old) == before
    # A run that died on the very step before it went live has left a whole snapshot: nothing to clear up.
    kept = {old, new.manifest.id} | ({dead.name} if moment == "switch" else set())
    assert {path.name for path in (output / "snapshots").iterdir()} == kept
    assert sorted(path.name for path in output.iterdir()) == [".lock", "CURRENT", "snapshots"]

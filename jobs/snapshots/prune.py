"""Removing old snapshots, such that a process killed at any moment has removed each of them wholly or not at all.

First go the manifests, each flushed, and with them the snapshots; then the files that no other manifest names.
What a killed process did not get to remove is a dead run's, and the next run or prune takes it away.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lookalike.outputs.durable import sync_folder
from lookalike.outputs.entries import check_sizes
from lookalike.outputs.layout import MANIFEST, snapshot_folder
from lookalike.outputs.marks import live_until
from lookalike.outputs.outputs import Output
from lookalike.snapshots.history import Published, published
from lookalike.snapshots.leftovers import Leftover, leftovers, remove
from lookalike.snapshots.reader import Snapshot


@dataclass(frozen=True)
class Policy:
    """Which snapshots stay: any one reason is enough. None: not asked for.

    keep: the newest so many. keep_days: those made within so many days. grace: those that were live within so many
    seconds, for a service answers from a snapshot until it notices the next; 0 for none. The live one and pinned
    ones always stay.
    """

    keep: int | None
    keep_days: int | None
    grace: int


@dataclass(frozen=True)
class Plan:
    """What a prune does. kept: with the reason. freed: files that go, of dead runs too. shared: bytes of the
    removed snapshots that stay because kept ones name them.
    """

    kept: list[tuple[Published, str]]
    removed: list[Published]
    freed: list[Leftover]
    shared: int

    @property
    def bytes(self) -> int:
        """Size of the files that go."""
        return sum(leftover.bytes for leftover in self.freed)


def plan(output: Output, policy: Policy, now: datetime) -> Plan:
    """Decide; nothing is removed yet. The lock is held.

    Raises SnapshotError if the live snapshot lacks a file, for an older one is then needed, or if the manifest of
    any cannot be read, for it may name any file.
    """
    live = Snapshot.open(output).manifest
    check_sizes(output, live.files)
    snapshots = published(output)
    kept, removed = [], []
    for place, snapshot in enumerate(snapshots):
        reason = _reason(snapshot, place, policy, now, live_until(output, snapshot.id, live.id))
        if reason:
            kept.append((snapshot, reason))
        else:
            removed.append(snapshot)
    freed = leftovers(output, snapshots, {snapshot.id for snapshot in removed})
    named = {entry for snapshot, _ in kept if snapshot.manifest is not None for entry in snapshot.manifest.files}
    given_up = {entry for snapshot in removed if snapshot.manifest is not None for entry in snapshot.manifest.files}
    return Plan(kept, removed, freed, sum(entry.bytes for entry in given_up & named))


def carry_out(output: Output, planned: Plan) -> None:
    """Remove what was planned; the lock has been held since.

    Raises OSError or StoreError if something cannot be removed, OutputLockedError if the lock was lost.
    """
    if isinstance(output, Path):
        for snapshot in planned.removed:
            folder = output / snapshot_folder(snapshot.id)
            (folder / MANIFEST).unlink()
            sync_folder(folder)
    else:
        output.confirm()
        output.remove([f"{snapshot_folder(snapshot.id)}/{MANIFEST}" for snapshot in planned.removed])
    for leftover in planned.freed:
        remove(output, leftover)


def _reason(snapshot: Published, place: int, policy: Policy, now: datetime, until: float) -> str:
    """Why a snapshot stays; empty if it goes. place: 0 for the newest. until: when it can have been live last."""
    if snapshot.live:
        return "live"
    if snapshot.pinned:
        return "pinned"
    if policy.keep is not None and place < policy.keep:
        return f"one of the newest {policy.keep:,}"
    if policy.keep_days is not None and snapshot.manifest is not None:
        age = now - snapshot.manifest.created
        if age // timedelta(days=1) < policy.keep_days:
            return f"made within {policy.keep_days:,} days"
    if policy.grace and now.timestamp() - until < policy.grace:
        return f"live within {policy.grace:,} seconds"
    return ""

"""Removing old snapshots. A process killed at any moment has removed each of them completely or not at all.

The manifests go first, each flushed to the disk: without its manifest a folder is no snapshot. Then the files go that
no other manifest names. If the process is killed in between, the next run or prune removes the rest.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobs.reporting.terminal import count_of
from lookalike.outputs.interface import Output
from lookalike.snapshots.history import Published, published
from lookalike.snapshots.leftovers import Leftover, late_files, leftovers
from lookalike.snapshots.reader import Snapshot


@dataclass(frozen=True)
class Policy:
    """Which snapshots stay; one reason is enough. The live one and pinned ones always stay.

    keep: the newest so many. keep_days: those made within so many days. None: not asked for. grace: those that were
    live within so many seconds, because a service answers from a snapshot until it notices the next; 0 for none.
    """

    keep: int | None
    keep_days: int | None
    grace: int


@dataclass(frozen=True)
class Plan:
    """What a prune does. kept: with the reason. freed: files to remove, also those of dead runs and given-up tasks.
    shared: bytes of the removed snapshots that stay because kept ones name them.
    """

    kept: list[tuple[Published, str]]
    removed: list[Published]
    freed: list[Leftover]
    shared: int

    @property
    def bytes(self) -> int:
        """Size of the files to remove."""
        return sum(leftover.bytes for leftover in self.freed)


def plan(output: Output, policy: Policy, now: datetime) -> Plan:
    """Decide; nothing is removed yet. The lock is held.

    Raises SnapshotError if the live snapshot lacks a file, because an older one is needed then, or if a manifest
    cannot be read, because it may name any file.
    """
    live = Snapshot.open(output).manifest
    output.check_sizes(live.files)
    snapshots = published(output)
    kept, removed = [], []
    made = datetime.max.replace(tzinfo=UTC)
    for place, snapshot in enumerate(snapshots):
        # None was made after the next one, whatever a clock said that was wrong then.
        made = made if snapshot.manifest is None else min(made, snapshot.manifest.created)
        reason = _reason(snapshot, place, policy, now, made, output.live_until(snapshot.id, live.id))
        if reason:
            kept.append((snapshot, reason))
        else:
            removed.append(snapshot)
    freed = leftovers(output, snapshots, {snapshot.id for snapshot in removed})
    freed += late_files(output, [snapshot.id for snapshot, _ in kept])
    named = {entry for snapshot, _ in kept if snapshot.manifest is not None for entry in snapshot.manifest.files}
    given_up = {entry for snapshot in removed if snapshot.manifest is not None for entry in snapshot.manifest.files}
    return Plan(kept, removed, freed, sum(entry.bytes for entry in given_up & named))


def carry_out(output: Output, planned: Plan) -> None:
    """Remove what was planned; the lock has been held since.

    Raises OSError or StoreError if something cannot be removed, OutputLockedError if the lock was lost.
    """
    output.confirm_lock()
    output.remove_manifests([snapshot.id for snapshot in planned.removed])
    for leftover in planned.freed:
        output.remove_files(leftover.snapshot, leftover.files)


def _reason(snapshot: Published, place: int, policy: Policy, now: datetime, made: datetime, until: float) -> str:
    """Why a snapshot stays; empty if it goes.

    place: 0 for the newest. made: when, at the latest. until: when it can have been live last. Times far in the
    future are of a clock that was wrong, and no reason.
    """
    if snapshot.live:
        return "live"
    if snapshot.pinned:
        return "pinned"
    if policy.keep is not None and place < policy.keep:
        return f"one of the newest {policy.keep:,}"
    if policy.keep_days is not None and abs(now - made) < timedelta(days=policy.keep_days):
        return f"made within {count_of(policy.keep_days, 'day')}"
    if abs(now.timestamp() - until) < policy.grace:
        return f"live within {policy.grace:,} seconds"
    return ""

"""The commands that look after the snapshots of an output: functions from the arguments to lines."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from jobs.reporting.progress import Meter
from jobs.reporting.terminal import count_of, printable, table
from jobs.snapshots import prune
from jobs.snapshots.describe import moment
from jobs.snapshots.describediff import difference_lines
from lookalike.errors import JobError, SnapshotError, UsageError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output
from lookalike.snapshots.history import Published, published
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.origin import check_origin
from lookalike.snapshots.reader import Snapshot

Checked = TypeVar("Checked", FileEntry, Snapshot)


def list_snapshots(arguments: argparse.Namespace) -> list[str]:
    """One line a snapshot, the newest first, then those that cannot be read."""
    with _disk_errors(arguments.output):
        snapshots = published(arguments.output)
    if not snapshots:
        raise SnapshotError(f"{arguments.output}: no snapshot has been published here")
    rows = [_row(one, one.manifest) for one in snapshots if one.manifest is not None]
    lines = table(rows, ("snapshot", "made", "floor", "pairs", "hashtags", "accounts", "own bytes", ""))
    problems = [(one.id, _marks(one), one.problem) for one in snapshots if one.manifest is None]
    if not any(one.live for one in snapshots):
        problems.append(("live", "", _missing_live(arguments.output)))
    if problems:
        lines += ["", *table(problems, widest=4096)] if lines else table(problems, widest=4096)
    return lines


def verify(arguments: argparse.Namespace) -> Iterator[str]:
    """What is wrong with the files of the snapshots asked for; raises SnapshotError at the end if anything is."""
    if arguments.all and arguments.id is not None:
        raise UsageError("give an ID or --all, not both")
    with _disk_errors(arguments.output):
        wanted = None if arguments.all else arguments.id or arguments.output.live()
        snapshots = [one for one in published(arguments.output) if wanted is None or one.id == wanted]
    if not snapshots:
        missing = "no snapshot has been published here" if wanted is None else f"has no snapshot {wanted}"
        raise SnapshotError(f"{arguments.output}: {missing}")
    wrong = _compare_checksums(arguments.output, snapshots)
    damaged = 0
    for one in snapshots:
        files = () if one.manifest is None else one.manifest.files
        messages = [one.problem] if one.manifest is None else [wrong[entry] for entry in files if entry in wrong]
        if one.manifest is not None and not messages:
            messages = list(filter(None, [_problem(check_origin, Snapshot(arguments.output, one.manifest))]))
        damaged += bool(messages)
        if messages:
            yield f"{one.id}: damaged"
            yield from (f"  {printable(message)}" for message in messages)
        else:
            yield f"{one.id}: whole, {len(files):,} files of {sum(entry.bytes for entry in files):,} bytes"
    if damaged:
        raise SnapshotError(f"{damaged:,} of {count_of(len(snapshots), 'snapshot')} damaged")


def rollback(arguments: argparse.Namespace) -> list[str]:
    """Make another snapshot live, if all its files are there."""
    output: Output = arguments.output
    with _locked(output):
        live = output.live_or_none()  # None also if CURRENT is damaged, which this command repairs
        target = arguments.id or _made_before(output, output.live())
        if target == live:
            raise UsageError(f"{live} is live already")
        snapshot = Snapshot.open(output, target)
        wrong = [message for entry in snapshot.manifest.files if (message := _problem(output.check_size, entry))]
        if wrong:
            more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
            raise SnapshotError(f"{target} cannot be live: {wrong[0]}{more}")
        check_origin(snapshot)
        output.make_live(target)
    files = f"all {len(snapshot.manifest.files):,} files are there with the right size"
    before = f"{live} was live before" if live else "no snapshot was live before"
    return [f"{target} is live, made {moment(snapshot.manifest.created)}; {files}", before]


def pin(arguments: argparse.Namespace) -> list[str]:
    """Keep a snapshot from being pruned."""
    with _locked(arguments.output):
        Snapshot.open(arguments.output, arguments.id)
        arguments.output.set_pinned(arguments.id, True)
    return [f"{arguments.id} is pinned"]


def unpin(arguments: argparse.Namespace) -> list[str]:
    """Let a snapshot be pruned again."""
    with _locked(arguments.output):
        if arguments.id not in arguments.output.published():
            raise SnapshotError(f"{arguments.output}: has no snapshot {arguments.id}")
        arguments.output.set_pinned(arguments.id, False)
    return [f"{arguments.id} is not pinned"]


def prune_snapshots(arguments: argparse.Namespace) -> list[str]:
    """Remove old snapshots, or show what would be removed."""
    if arguments.keep is None and arguments.keep_days is None:
        raise UsageError("prune: say what to keep, by --keep, --keep-days or both (see --help)")
    policy = prune.Policy(arguments.keep, arguments.keep_days, arguments.grace)
    with _locked(arguments.output):
        planned = prune.plan(arguments.output, policy, datetime.now(UTC))
        if not arguments.dry_run:
            prune.carry_out(arguments.output, planned)
    gone = "would be removed" if arguments.dry_run else "removed"
    decided = {one.id: f"kept: {reason}" for one, reason in planned.kept} | {one.id: gone for one in planned.removed}
    lines = table(sorted(decided.items(), reverse=True))
    would = "would be " if arguments.dry_run else ""
    of = f"of {count_of(len(decided), 'snapshot')}"
    lines += ["", f"{len(planned.removed):,} {of} {gone}, {planned.bytes:,} bytes {would}freed"]
    if planned.shared:
        lines.append(f"{planned.shared:,} bytes of them stay, because kept snapshots use these files")
    return lines


def diff(arguments: argparse.Namespace) -> list[str]:
    """The differences between two snapshots."""
    before, after = (Snapshot.open(arguments.output, snapshot) for snapshot in (arguments.a, arguments.b))
    for one in (before, after):
        if one.manifest.is_grouped:
            raise UsageError(f"{one.manifest.id} has identical names as groups: diff compares lists of pairs alone")
    return difference_lines(before, after, arguments.limit)


@contextlib.contextmanager
def _locked(output: Output) -> Iterator[None]:
    """Hold the lock of an output that something was published to."""
    with contextlib.ExitStack() as stack, _disk_errors(output):
        if not output.published():
            raise SnapshotError(f"{output}: no snapshot has been published here")
        try:
            stack.enter_context(output.locked())
        except OSError as error:
            raise UsageError(f"{error.filename or output}: cannot be written to: {error.strerror}") from None
        yield


@contextlib.contextmanager
def _disk_errors(output: Output) -> Iterator[None]:
    """Turn errors of the disk into a JobError."""
    try:
        yield
    except OSError as error:
        raise JobError(f"{error.filename2 or error.filename or output}: {error.strerror}") from None


def _row(snapshot: Published, manifest: Manifest) -> tuple[str | int, ...]:
    counts = manifest.counts
    found = (counts.similar_pairs, counts.hashtags, counts.accounts.used)
    return (snapshot.id, moment(manifest.created), manifest.floor, *found, snapshot.own_bytes, _marks(snapshot))


def _marks(snapshot: Published) -> str:
    return ", ".join(name for name, is_so in (("live", snapshot.live), ("pinned", snapshot.pinned)) if is_so)


def _missing_live(output: Output) -> str:
    try:
        return f"{output.live()}, which is missing"
    except SnapshotError as error:
        return str(error)


def _made_before(output: Output, live: str) -> str:
    older = [snapshot for snapshot in output.published() if snapshot < live]
    if not older:
        raise UsageError(f"{output}: no snapshot is older than {live}, which is live")
    return older[0]


def _compare_checksums(output: Output, snapshots: list[Published]) -> dict[FileEntry, str]:
    """What is wrong with each damaged file; one that several snapshots name is read once."""
    named = (entry for one in snapshots if one.manifest is not None for entry in one.manifest.files)
    entries = list(dict.fromkeys(named))
    wrong = {}
    with (
        Meter("checking", sum(entry.bytes for entry in entries)) as meter,
        ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool,
    ):
        messages = pool.map(lambda entry: _problem(output.check_file, entry), entries)
        for entry, message in zip(entries, messages, strict=True):
            if message:
                wrong[entry] = message
            meter.advance(entry.bytes)
    return wrong


def _problem(check: Callable[[Checked], None], what: Checked) -> str:
    """What a check finds wrong with a file or a snapshot; empty if nothing."""
    try:
        check(what)
    except SnapshotError as error:
        return str(error)
    return ""

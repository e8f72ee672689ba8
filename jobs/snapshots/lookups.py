"""The commands that look into one snapshot: functions from the arguments to lines."""

from __future__ import annotations

import argparse

from jobs.reporting.terminal import count_of, printable, table
from jobs.snapshots.describe import WIDEST, data_files, funnel, named_pairs, origin, seconds
from lookalike.errors import UsageError
from lookalike.hashtags import normalise
from lookalike.snapshots.origin import check_origin
from lookalike.snapshots.reader import Snapshot


def show(arguments: argparse.Namespace) -> list[str]:
    """What a snapshot was made from, its funnel and its files."""
    snapshot = Snapshot.open(arguments.output, arguments.id)
    check_origin(snapshot)
    manifest = snapshot.manifest
    return [*origin(manifest), "", *funnel(manifest), "", seconds(manifest), "", *data_files(manifest)]


def pairs(arguments: argparse.Namespace) -> list[str]:
    """The similar pairs of a hashtag in the live snapshot."""
    key = normalise(arguments.hashtag)
    if not key:
        raise UsageError(f"{arguments.hashtag!r} is not a hashtag")
    snapshot = Snapshot.open(arguments.output)
    check_origin(snapshot)
    lowest = arguments.min_similarity
    if lowest is not None and lowest < snapshot.manifest.threshold:
        raise UsageError(f"--min-similarity: only pairs of at least {snapshot.manifest.floor} were stored")
    row = snapshot.hashtag(key)
    if row is None:
        return [f"#{printable(key)}: nobody used this hashtag"]
    found = row.pairs
    if lowest is not None:
        found = snapshot.count_pairs(key, lowest)
    counts = (count_of(row.posts, "post"), count_of(row.members, "account"), count_of(found, "similar pair"))
    lines = [f"#{printable(row.display)}: {', '.join(counts)}"]
    shown = named_pairs(snapshot, key, limit=arguments.limit, min_similarity=lowest)
    if shown:
        rows = [(p.similarity, p.distance, p.name_a, p.name_b, p.account_a, p.account_b) for p in shown]
        header = ("similarity", "distance", "screen name", "screen name", "account", "account")
        lines += ["", *table(rows, header, widest=WIDEST)]
    if found > len(shown):
        lines += ["", f"{found - len(shown):,} more: --limit {found}"]
    return lines

"""The report that is printed at the end of a run."""

from __future__ import annotations

import sys

from jobs.options.config import JobConfig
from jobs.reporting.terminal import print_lines, printable, table
from jobs.snapshots.describe import funnel, hashtag_lines, how, named_pairs, read_lines, seconds, top_hashtags
from lookalike.errors import JobError
from lookalike.snapshots.reader import Snapshot
from lookalike.tables import HashtagRow

_TOP = 5  # hashtags
_PAIRS = 10


def print_report(snapshot: Snapshot, config: JobConfig) -> None:
    """Print the funnel, the seconds of each stage, the hashtags with most pairs and some of their pairs."""
    manifest = snapshot.manifest
    lines = [f"Published snapshot {manifest.id} in {printable(str(config.output))}", f"  {how(manifest)}", ""]
    lines += [*read_lines(manifest), "", *funnel(manifest), "", seconds(manifest)]
    top = top_hashtags(snapshot, _TOP)
    if top:
        lines += ["", "Hashtags with most pairs", "", *hashtag_lines(top)]
        lines += ["", "Some of their most similar pairs", "", *_pairs(snapshot, top)]
    try:
        print_lines(lines)
    except JobError as error:  # the snapshot is published all the same
        print(f"warning: {error}", file=sys.stderr)


def _pairs(snapshot: Snapshot, top: list[HashtagRow]) -> list[str]:
    """The most similar pairs of each hashtag, from all hashtags about as many, until the table is full."""
    found = [
        (rank, place, (f"#{row.display}", pair.name_a, pair.name_b, pair.distance, pair.similarity))
        for place, row in enumerate(top)
        for rank, pair in enumerate(named_pairs(snapshot, row.hashtag, limit=_PAIRS))
    ]
    chosen = sorted(sorted(found)[:_PAIRS], key=lambda one: one[1])
    header = ("hashtag", "screen name", "screen name", "distance", "similarity")
    return table([row for _, _, row in chosen], header, widest=30)

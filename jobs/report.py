"""What is printed at the end of a run."""

from __future__ import annotations

from jobs.config import JobConfig
from jobs.snapshots.describe import funnel, hashtag_lines, named_pairs, seconds, top_hashtags
from jobs.snapshots.reader import HashtagRow, Snapshot
from jobs.terminal import print_lines, printable, table

_TOP = 5  # hashtags
_PAIRS = 10


def print_report(snapshot: Snapshot, config: JobConfig) -> None:
    """Print the funnel, the seconds of each stage, the hashtags with most pairs and some of their pairs."""
    manifest = snapshot.manifest
    lines = [f"Published snapshot {manifest.id} in {printable(str(config.output))}", ""]
    lines += [*funnel(manifest), "", seconds(manifest)]
    top = top_hashtags(snapshot, _TOP)
    if top:
        lines += ["", "Hashtags with most pairs", "", *hashtag_lines(top)]
        lines += ["", "Some of their most similar pairs", "", *_pairs(snapshot, top)]
    print_lines(lines)


def _pairs(snapshot: Snapshot, top: list[HashtagRow]) -> list[str]:
    """About as many pairs of each hashtag."""
    each = -(-_PAIRS // len(top))
    rows = [
        (f"#{row.display}", pair.name_a, pair.name_b, pair.distance, pair.similarity)
        for row in top
        for pair in named_pairs(snapshot, row.hashtag, limit=each)
    ]
    return table(rows[:_PAIRS], ("hashtag", "screen name", "screen name", "distance", "similarity"), widest=30)

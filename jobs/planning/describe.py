"""An estimate as lines of text."""

from __future__ import annotations

from collections.abc import Mapping

from jobs.planning.estimate import Estimate
from jobs.reporting.terminal import printable, table
from jobs.snapshots.describe import counted
from lookalike.snapshots.counts import Counts

_WIDEST = 30  # columns of a hashtag or text


def estimate_lines(counts: Counts, estimate: Estimate, *, blocking: str, min_similarity: str) -> list[str]:
    """What is counted, what is estimated, and the hashtags and blocks with most candidates."""
    how = f"let through by {blocking} blocking" + (", all names compared once" if estimate.by_names else "")
    found = f"rows of pairs, similarity of at least {min_similarity}"
    lines = table(
        [
            *counted(counts),
            ("candidates", rounded(estimate.candidates), f"estimated; {how}"),
            ("similar pairs", rounded(estimate.similar_pairs), f"estimated; {found}"),
        ],
        widest=80,
    )
    if estimate.worst_hashtags:
        title = "Hashtags with most pairs" if estimate.by_names else "Hashtags with most candidates, estimated"
        lines += ["", title, "", *_hashtags(estimate)]
    if estimate.worst_blocks:
        lines += ["", _title(blocking), "", *_blocks(estimate)]
    return [printable(line) for line in lines]


def time_lines(past: Mapping[str, float], to_come: Mapping[str, float]) -> list[str]:
    """Seconds by stage: those that were measured, and those that are estimated."""
    done = "  ".join(f"{stage} {seconds:.1f}" for stage, seconds in past.items())
    left = "  ".join(f"{stage} {seconds:.1f}" for stage, seconds in to_come.items())
    total = sum(past.values()) + sum(to_come.values())
    return [f"seconds  {done}", f"         {left}  estimated", f"         {_time(total)} in all, estimated"]


def rounded(number: float) -> int:
    """The number with three significant digits; an estimate has no more."""
    return int(float(f"{number:.2e}"))


def _hashtags(estimate: Estimate) -> list[str]:
    header = ["hashtag", "members", "pairs sharing it", "share"]
    rows: list[list[object]] = [
        [f"#{one.display}", one.members, one.pairs_sharing, _share(one.pairs_sharing, estimate.pairs_sharing)]
        for one in estimate.worst_hashtags
    ]
    if not estimate.by_names:
        header += ["candidates", "share"]
        for row, one in zip(rows, estimate.worst_hashtags, strict=True):
            row += [rounded(one.candidates), _share(one.candidates, estimate.candidates)]
    return table(rows, header, widest=_WIDEST)


def _title(blocking: str) -> str:
    title = "Blocks with most candidates, estimated: names "
    if blocking == "prefix":
        return title + "with the same beginning"
    return title + "of one length with the same segment (-: all of that length)"


def _blocks(estimate: Estimate) -> list[str]:
    header = ["hashtag", "length", "segment", "text", "names", "candidates", "share"]
    rows = [
        [
            "" if one.display is None else f"#{one.display}",
            one.length,
            "-" if one.segment is None else str(one.segment),
            one.text,
            rounded(one.names),
            rounded(one.candidates),
            f"{one.candidates / estimate.candidates:7.2%}",
        ]
        for one in estimate.worst_blocks
    ]
    shown = [0] if rows[0][0] else []
    shown += [3, 4, 5, 6] if rows[0][1] is None else [1, 2, 3, 4, 5, 6]
    return table([[row[column] for column in shown] for row in rows], [header[c] for c in shown], widest=_WIDEST)


def _share(part: float, whole: float) -> str:
    return f"{part / whole if whole else 0:6.1%}"


def _time(seconds: float) -> str:
    """Seconds in the unit that a person would use."""
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours" if seconds < 172800 else f"{seconds / 86400:.1f} days"

"""What stops a run before it is too late: too little that can be used to publish it, or too much to compare."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from jobs.options.config import JobConfig
from jobs.reporting.terminal import printable
from lookalike.errors import QualityGateError, TooManyCandidatesError
from lookalike.snapshots.manifest import Manifest

_SHOWN = 200  # characters of an example


def check_rejects(
    config: JobConfig, table: str, rows: int, damaged: int, examples: Mapping[str, Sequence[str]]
) -> None:
    """Raise QualityGateError, with examples, if too large a share of a table's rows cannot be used."""
    if damaged <= Fraction(repr(config.max_reject_fraction)) * rows:  # as written: 0.29 * 100 is below 29
        return
    told = (
        f"{damaged:,} of {rows:,} rows of {table} cannot be used: {damaged / rows:.2%}, more than the "
        f"{config.max_reject_fraction:.2%} of --max-reject-fraction"
    )
    lines = []
    for reason, found in sorted(examples.items()):
        lines.append(f"  {reason}:")
        lines += [f"    {printable(row if len(row) <= _SHOWN else row[:_SHOWN] + '...')}" for row in found]
    _refuse(config, told, lines)


def check_result(config: JobConfig, made: Manifest, live: Manifest | None) -> None:
    """Raise QualityGateError if nobody used a hashtag, or if too much of what the live snapshot counts is gone."""
    if not made.counts.memberships:
        _refuse(config, "no account used any hashtag")
    if live is None:
        return
    least = 1 - Fraction(repr(config.max_fall_fraction))
    fallen = [f"  {what}: {new:,}, live {old:,}" for what, new, old in _compared(made, live) if new < least * old]
    if fallen:
        told = f"counts fell by more than the {config.max_fall_fraction:.2%} of --max-fall-fraction since {live.id}"
        _refuse(config, told, fallen)


def _compared(made: Manifest, live: Manifest) -> Iterator[tuple[str, int, int]]:
    """What is counted, its number now and in the live snapshot; no pairs if they are not of one kind."""
    new, old = made.counts, live.counts
    yield "accounts", new.accounts.used, old.accounts.used
    yield "posts", new.posts.used, old.posts.used
    yield "hashtags", new.hashtags, old.hashtags
    yield "memberships", new.memberships, old.memberships
    kind = ("fold", "blocking", "prefix_length")
    if all(made.configuration.get(key) == live.configuration.get(key) for key in kind) and made.floor == live.floor:
        yield "similar pairs", new.similar_pairs, old.similar_pairs


def _refuse(config: JobConfig, told: str, lines: Sequence[str] = ()) -> None:
    if not config.force:
        raise QualityGateError("\n".join([f"{told}. Nothing was published.", *lines]))
    print("\n".join([f"warning: {told}; going on all the same (--force).", *lines]), file=sys.stderr)


def check_candidates(config: JobConfig, candidates: float, lines: Sequence[str]) -> None:
    """Raise TooManyCandidatesError, with the lines that describe the estimate, if it is above what is allowed."""
    if config.max_candidates is None or candidates <= config.max_candidates:
        return
    told = [
        f"the comparison would meet more candidates than the {config.max_candidates:,} of --max-candidates, as "
        "estimated below. Nothing was published.",
        "",
        *lines,
        "",
        "Hashtags left out (--ignore-hashtags) or a higher --min-similarity make fewer.",
    ]
    raise TooManyCandidatesError("\n".join(told))

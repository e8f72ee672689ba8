"""Checks that stop a run: too few rows that can be used, too few results, too many candidates or pairs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from jobs.options.config import JobConfig
from jobs.planning.pairs import PairsEstimate
from jobs.reporting.terminal import count_of, printable
from jobs.strategy.pairlimit import PairLimit
from lookalike.errors import QualityGateError, TooManyCandidatesError, TooManyPairsError
from lookalike.snapshots.manifest import Manifest

_SHOWN = 200  # characters of an example


def check_rejects(
    config: JobConfig, table: str, rows: int, damaged: int, examples: Mapping[str, Sequence[str]]
) -> None:
    """Raise QualityGateError, with examples, if too large a share of a table's rows cannot be used."""
    if damaged <= Fraction(repr(config.max_reject_fraction)) * rows:  # exact: in doubles 0.29 * 100 is below 29
        return
    message = (
        f"{damaged:,} of {count_of(rows, 'row')} of {table} cannot be used: {damaged / rows:.2%}, more than the "
        f"{config.max_reject_fraction:.2%} of --max-reject-fraction"
    )
    lines = []
    for reason, found in sorted(examples.items()):
        lines.append(f"  {reason}:")
        lines += [f"    {printable(row if len(row) <= _SHOWN else row[:_SHOWN] + '...')}" for row in found]
    _refuse(config, message, lines)


def check_result(config: JobConfig, made: Manifest, live: Manifest | None) -> None:
    """Raise QualityGateError if no account used a hashtag, or if counts fell too far since the live snapshot."""
    if not made.counts.memberships:
        _refuse(config, "no account used any hashtag")
    if live is None:
        return
    least = 1 - Fraction(repr(config.max_fall_fraction))
    fallen = [f"  {what}: {new:,}, live {old:,}" for what, new, old in _compared(made, live) if new < least * old]
    if fallen:
        message = (
            f"counts fell by more than the {config.max_fall_fraction:.2%} of --max-fall-fraction since {live.id}"
        )
        _refuse(config, message, fallen)


def _compared(made: Manifest, live: Manifest) -> Iterator[tuple[str, int, int]]:
    """What is counted, its number now and in the live snapshot. Pairs are left out if the options for them differ."""
    new, old = made.counts, live.counts
    yield "accounts", new.accounts.used, old.accounts.used
    yield "posts", new.posts.used, old.posts.used
    yield "hashtags", new.hashtags, old.hashtags
    yield "memberships", new.memberships, old.memberships
    kind = ("fold", "blocking", "prefix_length")
    if all(made.configuration.get(key) == live.configuration.get(key) for key in kind) and made.floor == live.floor:
        yield "similar pairs", new.similar_pairs, old.similar_pairs


def _refuse(config: JobConfig, message: str, lines: Sequence[str] = ()) -> None:
    if not config.force:
        raise QualityGateError("\n".join([f"{message}. Nothing was published.", *lines]))
    print("\n".join([f"warning: {message}; continuing because of --force.", *lines]), file=sys.stderr)


def check_candidates(config: JobConfig, candidates: float, lines: Sequence[str]) -> None:
    """Raise TooManyCandidatesError if there are more candidates than allowed. lines: describe the estimate."""
    if config.max_candidates is None or candidates <= config.max_candidates:
        return
    message = (
        f"the comparison would meet more candidates than the {config.max_candidates:,} of --max-candidates, by the "
        "estimate below. Nothing was published."
    )
    raise TooManyCandidatesError(_with_plan(message, lines))


def too_many_pairs(
    config: JobConfig, limit: PairLimit, pairs: PairsEstimate, lines: Sequence[str]
) -> TooManyPairsError:
    """What to raise if there are clearly more similar pairs than allowed. lines: describe the estimate."""
    message = f"the comparison would find {pairs} similar pairs, more than {limit.meaning}. Nothing was published."
    advice = []
    if pairs.identical and not config.all_names:
        advice = [f"{pairs.identical:,} are pairs of identical names: --identical group publishes these as groups."]
    return TooManyPairsError(_with_plan(message, lines, advice))


def _with_plan(message: str, lines: Sequence[str], advice: Sequence[str] = ()) -> str:
    usual = "Ignore some hashtags (--ignore-hashtags) or raise --min-similarity to get fewer."
    return "\n".join([message, "", *lines, "", *advice, usual])

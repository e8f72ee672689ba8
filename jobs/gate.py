"""What stops a run before it is too late: input too damaged to publish a result from, or too much to compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from jobs.config import JobConfig
from jobs.errors import QualityGateError, TooManyCandidatesError
from jobs.terminal import printable

_SHOWN = 200  # characters of an example


def check_rejects(
    config: JobConfig, table: str, rows: int, damaged: int, examples: Mapping[str, Sequence[str]]
) -> None:
    """Raise QualityGateError, with examples, if too large a share of a table's rows cannot be used."""
    if damaged <= Fraction(repr(config.max_reject_fraction)) * rows:  # as written: 0.29 * 100 is below 29
        return
    lines = [
        f"{damaged:,} of {rows:,} rows of {table} cannot be used: {damaged / rows:.2%}, more than the "
        f"{config.max_reject_fraction:.2%} of --max-reject-fraction. Nothing was published."
    ]
    for reason, found in sorted(examples.items()):
        lines.append(f"  {reason}:")
        lines += [f"    {printable(row if len(row) <= _SHOWN else row[:_SHOWN] + '...')}" for row in found]
    raise QualityGateError("\n".join(lines))


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

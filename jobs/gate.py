"""The quality gate: input too damaged to publish a result from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from jobs.config import JobConfig
from jobs.errors import QualityGateError
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

"""The quality gate: input too damaged to publish a result from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from jobs.config import JobConfig
from jobs.errors import QualityGateError

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
        lines += [f"    {_printable(row)}" for row in found]
    raise QualityGateError("\n".join(lines))


def _printable(row: str) -> str:
    shown = row if len(row) <= _SHOWN else row[:_SHOWN] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)

"""How time and the driver's memory grow with the number of accounts."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench.jobrun import MANY, data_set, run_job, told_run


def many_accounts(rounds: int) -> dict[str, Any]:
    """The job on more and more accounts, always with as few posts."""
    rows = []
    for name, shape in MANY.items():
        folder = data_set(name)
        runs = [told_run(f"{name} {turn}/{rounds}", partial(run_job, folder)) for turn in range(1, rounds + 1)]
        rows.append(
            {
                "accounts": shape.accounts,
                "text_bytes": (folder / "accounts.tsv").stat().st_size,
                "stage_seconds": [run.stage_seconds["accounts"] for run in runs],
                "job": [run.measurement.figures() for run in runs],
            }
        )
    return {"many_accounts": rows}

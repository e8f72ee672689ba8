"""What the tasks of one Python worker process share."""

from __future__ import annotations

import functools

from jobs.inputs.accounts import AccountTable


@functools.lru_cache(maxsize=2)
def accounts_table(path: str) -> AccountTable:
    """The table of accounts that the driver wrote to the run's work folder, mapped into memory."""
    return AccountTable.open(path)

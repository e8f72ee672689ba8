"""How many similar pairs a run may find."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Final

from jobs.exchange.reports import CompareReport
from jobs.exchange.worker import accounts_table
from jobs.inputs.accounts.table import AccountTable
from jobs.reporting.terminal import printable
from jobs.strategy.context import RunContext
from lookalike.errors import TooManyPairsError
from lookalike.strings.packed import packed_strings
from lookalike.strings.values import Places

# On the way to its tables a pair takes 48 bytes in the work folder, and in them 20 beside its texts. Pairs that share
# many hashtags are look-alikes but once.
_BYTES: Final = 68
DISK_SHARE: Final = 0.7


@dataclasses.dataclass(frozen=True)
class PairLimit:
    """pairs: so many are allowed. meaning: what of, in words that follow "more than"."""

    pairs: int
    meaning: str

    @classmethod
    def of(cls, run: RunContext) -> PairLimit:
        """What --max-pairs and the disk that the run writes to allow."""
        config, folder = run.config, run.publication.disk
        free = shutil.disk_usage(folder).free
        room = int(DISK_SHARE * free / _pair_bytes(accounts_table(run.accounts)))
        if config.max_pairs and config.max_pairs <= room:
            return cls(config.max_pairs, f"the {config.max_pairs:,} of --max-pairs")
        return cls(
            room,
            f"the {room:,} that {DISK_SHARE:.0%} of the free disk has room for, {free / 1e9:,.1f} GB in "
            f"{printable(str(folder))}",
        )


def _pair_bytes(accounts: AccountTable) -> float:
    """What a similar pair of accounts with ids and names of average length takes on the disk."""
    ids, names = (_mean_length(packed_strings(texts)[1]) for texts in (accounts.ids, accounts.screen_names))
    return _BYTES + 4 * ids + 2 * names


def _mean_length(offsets: Places) -> float:
    return float(offsets[-1] - offsets[0]) / max(1, len(offsets) - 1)


def check_room(compared: CompareReport, folder: Path) -> None:
    """Raise TooManyPairsError if a disk has no room for the tables of all pairs that were found.

    Some accounts may have much longer ids or names than most.
    """
    free = shutil.disk_usage(folder).free
    if compared.table_bytes > free:
        raise TooManyPairsError(
            f"the {compared.similar:,} similar pairs would take {compared.table_bytes / 1e9:,.1f} GB, more than the "
            f"{free / 1e9:,.1f} GB that are free in {printable(str(folder))}. Nothing was published."
        )

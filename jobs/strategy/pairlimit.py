"""How many similar pairs a run may find."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Final

from jobs.options.config import JobConfig
from jobs.reporting.terminal import printable

# On the way to its tables a pair takes 48 bytes in the work folder. In them it takes 44 as a pair, and 36 to 43 on
# either side as a look-alike, with ids of 18 digits. Pairs that share many hashtags are look-alikes but once.
PAIR_BYTES: Final = 160
DISK_SHARE: Final = 0.7


@dataclasses.dataclass(frozen=True)
class PairLimit:
    """pairs: so many are allowed. meaning: what of, in words that follow "more than"."""

    pairs: int
    meaning: str

    @classmethod
    def of(cls, config: JobConfig, folder: Path) -> PairLimit:
        """What --max-pairs and the disk allow. folder: that the run writes to."""
        free = shutil.disk_usage(folder).free
        room = int(DISK_SHARE * free / PAIR_BYTES)
        if config.max_pairs and config.max_pairs <= room:
            return cls(config.max_pairs, f"the {config.max_pairs:,} of --max-pairs")
        return cls(
            room,
            f"the {room:,} that {DISK_SHARE:.0%} of the free disk has room for, {free / 1e9:,.1f} GB in "
            f"{printable(str(folder))}",
        )

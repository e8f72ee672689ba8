"""What a comparison works with: the threshold, memory that is made once, and room for the pairs that it finds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import PairBuffer, pair_buffer
from lookalike.kernel.screen import ScreenRoom, new_screen_room
from lookalike.strings.compiler import compiled
from lookalike.threshold import Threshold


class Workspace(NamedTuple):
    """Handed to every compiled part of a comparison.

    numerator, denominator  of the threshold
    rows_of uint64[alphabet], zero between two patterns, see lookalike.kernel.levenshtein
    counts  int64[2]: candidates and verified pairs so far
    room    scratch memory of the screen
    out     the pairs found since the last batch
    """

    numerator: int
    denominator: int
    rows_of: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int64]
    room: ScreenRoom
    out: PairBuffer


def workspace(threshold: Threshold, alphabet: int, batch: int) -> Workspace:
    """For names with codes below `alphabet`; up to `batch` pairs are handed over at once."""
    return Workspace(
        threshold.numerator,
        threshold.denominator,
        np.zeros(max(1, alphabet), np.uint64),
        np.zeros(2, np.int64),
        new_screen_room(),
        pair_buffer(batch),
    )


@compiled
def max_distance(space: Workspace, length: int) -> int:
    """The edits that two names may have of which the longer one has `length` characters."""
    return (space.denominator - space.numerator) * length // space.denominator

"""What comparing names costs, by how many there are. Work is cut and shared out by it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from lookalike.kernel import SMALL_GROUP

# Seconds on one core, measured at 0.8, see bench/README.md. Only their ratios matter.
SCREENED_PAIR: Final = 2.5e-10
INDEXED_NAME: Final = 6.5e-7
INDEXED_PAIR: Final = 4e-12
# The same where only some names are fresh, on one machine: 1 in 10,000 to 1 in 5 of 100,000 and of a million names.
_SORTED_NAME = 7e-8
_FILTERED_NAME = 2e-7
_MET_PAIR = 8e-12


def cost_of_group(
    members: npt.NDArray[np.int64], fresh: npt.NDArray[np.int64] | None = None
) -> npt.NDArray[np.float64]:
    """Estimated seconds to compare groups of these sizes.

    fresh: how many members of each are, if only pairs of which one is are wanted; groups without cost nothing.
    """
    size = members.astype(np.float64)
    pairs = size * (size - 1) / 2
    whole = np.where(members <= SMALL_GROUP, pairs * SCREENED_PAIR, size * INDEXED_NAME + pairs * INDEXED_PAIR)
    if fresh is None:
        return whole
    few = fresh.astype(np.float64)
    met = few * (size - few) + few * (few - 1) / 2
    directly = size * _SORTED_NAME + met * SCREENED_PAIR
    by_segments = size * (_SORTED_NAME + _FILTERED_NAME) + few * INDEXED_NAME + met * _MET_PAIR
    partly = np.where(members <= SMALL_GROUP, directly, np.minimum(directly, by_segments))
    return np.where(met > 0, np.minimum(partly, whole), 0.0)


def cost_of_sides(many: int, few: int) -> float:
    """Estimated seconds to compare all of the one side with all of the other, few of them or not."""
    met = many * few
    directly = met * SCREENED_PAIR
    return many * _SORTED_NAME + min(directly, many * _FILTERED_NAME + few * INDEXED_NAME + met * _MET_PAIR)

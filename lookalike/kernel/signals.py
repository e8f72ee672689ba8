"""What is known of a similar pair from its two names."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.kernel.names import EncodedNames


def signals(
    names: EncodedNames,
    left: npt.NDArray[np.uint32],
    right: npt.NDArray[np.uint32],
    distance: npt.NDArray[np.int32],
) -> dict[str, npt.NDArray[Any]]:
    """The columns of tables.PAIRS behind the key, by name, of n pairs. left, right: indices of names."""
    return {"distance": distance, "similarity": similarities(names, left, right, distance)}


def similarities(
    names: EncodedNames,
    left: npt.NDArray[np.uint32],
    right: npt.NDArray[np.uint32],
    distance: npt.NDArray[np.int32],
) -> npt.NDArray[np.float64]:
    """float64[n]: (m - d) / m by one correctly rounded division, m the length of the longer name of each pair.

    left, right: indices of names. 1 where both names are empty, as folding may leave them.
    """
    longer = np.maximum(_lengths(names, left), _lengths(names, right))
    similarity: npt.NDArray[np.float64] = (longer - distance) / np.maximum(longer, 1)
    similarity[longer == 0] = 1.0
    return similarity


def _lengths(names: EncodedNames, chosen: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Of the chosen names alone: there may be millions of names and few pairs."""
    return names.offsets[chosen.astype(np.int64) + 1] - names.offsets[chosen]

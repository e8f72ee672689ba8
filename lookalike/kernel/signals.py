"""What is known of a similar pair from its two names."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.kernel.names import EncodedNames
from lookalike.kernel.similarity import similarities


def signals(
    names: EncodedNames,
    left: npt.NDArray[np.uint32],
    right: npt.NDArray[np.uint32],
    distance: npt.NDArray[np.int32],
) -> dict[str, npt.NDArray[Any]]:
    """The columns of tables.PAIRS behind the key, by name, of n pairs. left, right: indices of names."""
    return {"distance": distance, "similarity": similarities(names, left, right, distance)}

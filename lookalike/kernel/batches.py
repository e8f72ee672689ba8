"""What a comparison hands over: found pairs, a batch at a time, and how much work it was."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from lookalike.kernel.arrays import PairBuffer


@dataclasses.dataclass
class Work:
    """What a comparison did: candidate pairs that blocking let through, and distances computed."""

    candidates: int = 0
    verified: int = 0

    def add(self, counts: npt.NDArray[np.int64]) -> None:
        """Add (candidates, verified)."""
        self.candidates += int(counts[0])
        self.verified += int(counts[1])


@dataclasses.dataclass(frozen=True)
class PairBatch:
    """Some similar pairs: left < right are indices of names (uint32[n]), distance int32[n], group uint32[n]."""

    left: npt.NDArray[np.uint32]
    right: npt.NDArray[np.uint32]
    distance: npt.NDArray[np.int32]
    group: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.left)


def batch_of(out: PairBuffer, found: int) -> PairBatch:
    """The first `found` pairs of a buffer that is going to be filled again."""
    return PairBatch(
        out.left[:found].copy(),
        out.right[:found].copy(),
        out.distance[:found].copy(),
        out.group[:found].copy(),
    )

"""How many similar pairs the hashtags of a bucket have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jobs.stages.group.evidence import membership_keys
from jobs.stages.group.groups import Groups
from jobs.stages.write.pairs import SimilarPairs

Numbers = npt.NDArray[np.uint32]


class PairCounts:
    """The similar pairs of each hashtag of a bucket, added up piece by piece."""

    def __init__(self, numbers: Numbers) -> None:
        """numbers: uint32[n], the hashtags' numbers, ascending."""
        self._numbers = numbers
        self._pairs: npt.NDArray[np.int64] = np.zeros(len(numbers), np.int64)

    def add(self, found: SimilarPairs) -> None:
        """Count some pairs."""
        np.add.at(self._pairs, np.searchsorted(self._numbers, found.hashtag), self._meant(found))

    def _meant(self, _: SimilarPairs) -> npt.NDArray[np.int64] | int:
        """How many pairs each of those found means."""
        return 1

    def total(self) -> list[tuple[int, int]]:
        """The hashtags that have any, by number, and how many; see WriteReport."""
        some = np.flatnonzero(self._pairs)
        return list(zip(self._numbers[some].tolist(), self._pairs[some].tolist(), strict=True))


class GroupedPairCounts(PairCounts):
    """The same where only the pairs of the first account of each name are found, and not those of identical names."""

    def __init__(self, numbers: Numbers, groups: Groups) -> None:
        """groups: of the bucket, with weights."""
        super().__init__(numbers)
        if groups.weights is None:
            raise ValueError("the groups have no weights")
        self._weights = groups.weights.astype(np.int64)
        hashtag = np.repeat(np.arange(len(numbers)), np.diff(groups.starts))
        self._members = membership_keys(numbers[hashtag], groups.members)  # ascending
        np.add.at(self._pairs, hashtag, self._weights * (self._weights - 1) // 2)

    def _meant(self, found: SimilarPairs) -> npt.NDArray[np.int64]:
        one, other = (
            self._weights[np.searchsorted(self._members, membership_keys(found.hashtag, account))]
            for account in (found.account_a, found.account_b)
        )
        return one * other

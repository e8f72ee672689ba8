"""How many pairs are meant where only those of the first account of each name are listed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jobs.stages.group.evidence import membership_keys
from jobs.stages.group.groups import Groups
from jobs.stages.write.pairs import SimilarPairs

Numbers = npt.NDArray[np.uint32]


def pairs_meant(groups: Groups, numbers: Numbers, found: SimilarPairs) -> npt.NDArray[np.int64]:
    """int64[n]: similar pairs of each of the n hashtags of a bucket, those of identical names too.

    groups: with weights. numbers: uint32[n], the hashtags' numbers, ascending. found: pairs of first accounts.
    """
    if groups.weights is None:
        raise ValueError("the groups have no weights")
    weights = groups.weights.astype(np.int64)
    hashtag = np.repeat(np.arange(len(numbers)), np.diff(groups.starts))
    meant = np.zeros(len(numbers), np.int64)
    np.add.at(meant, hashtag, weights * (weights - 1) // 2)
    keys = membership_keys(numbers[hashtag], groups.members)  # ascending
    one, other = (
        weights[np.searchsorted(keys, membership_keys(found.hashtag, account))]
        for account in (found.account_a, found.account_b)
    )
    np.add.at(meant, np.searchsorted(numbers, found.hashtag), one * other)
    return meant

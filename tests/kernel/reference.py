"""What the kernel must find, by brute force: rapidfuzz for the distance, integers for the threshold."""

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from lookalike.kernel import EncodedNames, PairBatch, Threshold, encode_names, similar_pairs

Pairs = dict[tuple[int, int], int]


def all_similar_pairs(names: list[str], threshold: Threshold) -> Pairs:
    """Distance of every similar pair (i, j), i < j."""
    if not names:
        return {}
    distance = cdist(names, names, scorer=Levenshtein.distance, dtype=np.int32).astype(np.int64)
    lengths = np.array([len(name) for name in names], np.int64)
    longer = np.maximum.outer(lengths, lengths)
    p, q = threshold.numerator, threshold.denominator
    left, right = np.nonzero(np.triu(q * distance <= (q - p) * longer, 1))
    return dict(zip(zip(left.tolist(), right.tolist(), strict=True), distance[left, right].tolist(), strict=True))


def collected(batches: list[PairBatch]) -> Pairs:
    """The pairs of batches as a dict; fails if one is there twice or the wrong way round."""
    found: Pairs = {}
    for batch in batches:
        for left, right, distance in zip(
            batch.left.tolist(), batch.right.tolist(), batch.distance.tolist(), strict=True
        ):
            assert left < right
            assert (left, right) not in found
            found[left, right] = distance
    return found


def found_pairs(
    names: list[str] | EncodedNames, threshold: Threshold, begin: int = 0, end: int | None = None
) -> Pairs:
    """What similar_pairs finds."""
    encoded = encode_names(names) if isinstance(names, list) else names
    return collected(list(similar_pairs(encoded, threshold, begin=begin, end=end)))


def with_fresh(pairs: Pairs, fresh: Sequence[bool]) -> Pairs:
    """The pairs of which one name is fresh; fresh: of each name."""
    return {pair: distance for pair, distance in pairs.items() if fresh[pair[0]] or fresh[pair[1]]}

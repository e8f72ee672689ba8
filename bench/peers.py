"""How others find the similar pairs among names: symscan, rapidfuzz, and the two together.

Every function takes names and a threshold in (0, 1] and gives the pairs as three arrays, in no order: one name's
index, the other's, and the distance. Nothing here is of the job, so that a baseline neither waits for numba nor
shares a mistake.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

CDIST_ROWS = 500  # of the matrix of distances at a time
SYMSCAN_EDITS = 3  # its keys grow with the binomials of length and edits; 4 at 15 letters are 1941 a name
SYMSCAN_LETTERS = 128  # it takes ASCII alone

Pairs = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]
Ints = npt.NDArray[np.int64]


def allowed_edits(longer: Ints, threshold: Fraction) -> Ints:
    """The distances within which names are similar, by the length of the longer: exact, in integers."""
    p, q = threshold.numerator, threshold.denominator
    return (q - p) * longer // q


def concatenated(batches: list[Pairs]) -> Pairs:
    """Pairs found in several goes as one."""
    empty = np.zeros(0, np.int64)
    left, right, distance = (np.concatenate(c) for c in zip(*(batches or [(empty,) * 3]), strict=True))
    return left, right, distance


def symscan_pairs(names: list[str], threshold: Fraction) -> Pairs:
    """Similar pairs of distinct ASCII names by symscan's symmetric deletion, cut down to the threshold.

    symscan knows a fixed number of edits: those that the longest name is allowed. Equal names it reports wrongly.
    """
    import symscan  # reads the number of threads when it is first used

    length = np.array([len(name) for name in names], dtype=np.int64)
    within = int(allowed_edits(length, threshold).max(initial=0))
    left, right, distance = symscan.get_neighbors_within(names, max_distance=within)
    return _only_similar(left, right, distance, length, threshold)


def cdist_pairs(names: list[str], threshold: Fraction, first: int = 0, cores: int = 1) -> Pairs:
    """Similar pairs from rapidfuzz's matrix of distances, of which the later name is at `first` or after it.

    Names that are sorted by length are compared with those of near length only.
    """
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    length = np.array([len(name) for name in names], dtype=np.int64)
    edits = allowed_edits(length, threshold)
    is_sorted = bool((np.diff(length) >= 0).all())
    found: list[Pairs] = []
    for start in range(first, len(names), CDIST_ROWS):
        end = min(start + CDIST_ROWS, len(names))
        within = int(edits[start:end].max())
        begin = int(np.searchsorted(length, length[start] - edits[start])) if is_sorted else 0
        matrix = cdist(
            names[start:end],
            names[begin:end],
            scorer=Levenshtein.distance,
            score_cutoff=within,
            dtype=np.int32,
            workers=cores,
        )
        row, column = np.nonzero(matrix <= within)
        earlier = column + begin < row + start
        row, column = row[earlier], column[earlier]
        found.append((row + start, column + begin, matrix[row, column]))
    return _only_similar(*concatenated(found), length, threshold)


def near_pairs(names: list[str], threshold: Fraction, cores: int) -> Pairs:
    """Similar pairs of distinct names: by symscan where few edits are allowed, the others by rapidfuzz.

    symscan takes ASCII only, so up to 128 different characters are renamed to ASCII; with more, rapidfuzz does all.
    """
    length = np.array([len(name) for name in names], dtype=np.int64)
    order = np.argsort(length, kind="stable")
    few = int(np.searchsorted(allowed_edits(length[order], threshold), SYMSCAN_EDITS, side="right"))
    ordered = [names[place] for place in order.tolist()]
    if not all(map(str.isascii, ordered)):
        letters = sorted(set().union(*ordered))
        few = few if len(letters) <= SYMSCAN_LETTERS else 0
        letter_of = {ord(letter): code for code, letter in enumerate(letters)} if few else {}
        short = [name.translate(letter_of) for name in ordered[:few]]
    else:
        short = ordered[:few]
    parts = [symscan_pairs(short, threshold), cdist_pairs(ordered, threshold, first=few, cores=cores)]
    left, right, distance = concatenated(parts)
    return order[left], order[right], distance


def _only_similar(left: Any, right: Any, distance: Any, length: Ints, threshold: Fraction) -> Pairs:
    similar = distance <= allowed_edits(np.maximum(length[left], length[right]), threshold)
    return left[similar], right[similar], distance[similar]

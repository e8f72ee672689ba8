"""Bounded Levenshtein distance, bit-parallel.

G. Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic programming", JACM 46(3),
1999, in the formulation for edit distance between whole strings, and over blocks of 64 rows for longer
patterns, of H. Hyyro, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances", 2003.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.names import Codes
from lookalike.strings.compiler import compiled

WORD = 64
_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@compiled
def set_pattern(rows_of: npt.NDArray[np.uint64], codes: Codes, start: int, length: int) -> None:
    """Mark in rows_of[c] (uint64[alphabet], zero before) the rows at which the pattern has character c.

    The pattern is codes[start:start + length], of at most 64 characters.
    """
    for row in range(length):
        rows_of[codes[start + row]] |= _ONE << np.uint64(row)


@compiled
def clear_pattern(rows_of: npt.NDArray[np.uint64], codes: Codes, start: int, length: int) -> None:
    """Undo `set_pattern`, at the cost of the pattern and not of the alphabet."""
    for row in range(length):
        rows_of[codes[start + row]] = np.uint64(0)


@compiled
def distance_to_pattern(
    rows_of: npt.NDArray[np.uint64],
    pattern_length: int,
    codes: Codes,
    start: int,
    length: int,
    bound: int,
) -> int:
    """Distance between the pattern that is set in `rows_of` and codes[start:start + length].

    Returns some number above `bound` as soon as the distance is known to exceed it.
    """
    if pattern_length == 0:
        return length
    last = _ONE << np.uint64(pattern_length - 1)
    up = _ALL
    down = np.uint64(0)
    score = pattern_length
    slack = bound + length  # the last row falls by at most one with every character that is left
    for at in range(start, start + length):
        equal = rows_of[codes[at]]
        vertical = equal | down
        horizontal = (((equal & up) + up) ^ up) | equal
        rise = down | ~(horizontal | up)
        fall = up & horizontal
        score += int((rise & last) != 0) - int((fall & last) != 0)
        slack -= 1
        if score > slack:
            return bound + 1
        rise = (rise << _ONE) | _ONE
        fall = fall << _ONE
        up = fall | ~(vertical | rise)
        down = rise & vertical
    return score


@compiled
def distance_of_long(codes: Codes, start_a: int, length_a: int, start_b: int, length_b: int) -> int:
    """Distance between two slices of `codes` of any length: ceil(length_a / 64) words a column.

    For the rare names of more than 64 characters; sorts the pattern's characters instead of keeping a table
    of the alphabet, so that it needs no scratch memory from its caller.
    """
    if length_a == 0:
        return length_b
    words = (length_a + WORD - 1) // WORD
    characters = np.unique(codes[start_a : start_a + length_a])
    rows_of = np.zeros((len(characters) + 1, words), np.uint64)  # the last line: characters not in the pattern
    for row in range(length_a):
        slot = np.searchsorted(characters, codes[start_a + row])
        rows_of[slot, row // WORD] |= _ONE << np.uint64(row % WORD)
    up = np.full(words, _ALL, np.uint64)
    down = np.zeros(words, np.uint64)
    last = _ONE << np.uint64((length_a - 1) % WORD)
    score = length_a
    for at in range(start_b, start_b + length_b):
        slot = np.searchsorted(characters, codes[at])
        if slot < len(characters) and characters[slot] != codes[at]:
            slot = len(characters)
        carry_rise = _ONE  # row 0 of the matrix rises by one in every column
        carry_fall = np.uint64(0)
        for word in range(words):
            equal = rows_of[slot, word]
            vertical = equal | down[word]
            equal |= carry_fall
            horizontal = (((equal & up[word]) + up[word]) ^ up[word]) | equal
            rise = down[word] | ~(horizontal | up[word])
            fall = up[word] & horizontal
            if word == words - 1:
                score += int((rise & last) != 0) - int((fall & last) != 0)
            next_rise = rise >> np.uint64(WORD - 1)
            next_fall = fall >> np.uint64(WORD - 1)
            rise = (rise << _ONE) | carry_rise
            fall = (fall << _ONE) | carry_fall
            up[word] = fall | ~(vertical | rise)
            down[word] = rise & vertical
            carry_rise = next_rise
            carry_fall = next_fall
    return score

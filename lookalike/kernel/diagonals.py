"""The second screen, for short names: characters that have no equal near their place.

H. Xin et al., "Shifted Hamming distance: a fast and accurate SIMD-friendly filter to accelerate alignment
verification in read mapping", Bioinformatics 31(10), 2015, for whole strings. Place i of a name may be matched with
place i + d of the shorter one only if |d| inserted or removed characters before it lead there, and |d + gap| after
it lead to the end. So within k edits |d| + |d + gap| <= k, and every character without an equal one at any such d
is removed or replaced: if there are more than k of them, the names are not similar.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lookalike.kernel.names import Codes
from lookalike.kernel.screen import count_bits
from lookalike.strings.compiler import compiled

SHORT = 16  # characters of one byte in the two words that make a row
_LOW7 = np.uint64(0x7F7F7F7F7F7F7F7F)
_TOP = np.uint64(0x8080808080808080)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@compiled(inline="always")
def byte_row(codes: Codes, start: int, length: int) -> tuple[np.uint64, np.uint64]:
    """Up to SHORT codes below 256 as the bytes of two words; the bytes behind them are 255."""
    low = _ALL
    high = _ALL
    for at in range(min(length, 8)):
        low ^= (np.uint64(codes[start + at]) ^ np.uint64(0xFF)) << np.uint64(8 * at)
    for at in range(8, length):
        high ^= (np.uint64(codes[start + at]) ^ np.uint64(0xFF)) << np.uint64(8 * at - 64)
    return low, high


@compiled(inline="always")
def set_diagonals(
    codes: Codes, start: int, length: int, gap: int, bound: int, shifted: npt.NDArray[np.uint64]
) -> int:
    """Write the row of a name to shifted (uint64[2 * SHORT]) as it stands to the longer one at each possible d.

    Returns how many these are; gap is at most bound.
    """
    low, high = byte_row(codes, start, length)
    most = (bound - gap) // 2
    diagonals = gap + 2 * most + 1
    for at in range(diagonals):
        d = at - gap - most
        bits = np.uint64(8 * abs(d))
        rest = np.uint64(64) - bits
        if d == 0:
            shifted[2 * at] = low
            shifted[2 * at + 1] = high
        elif d > 0:
            shifted[2 * at] = (low >> bits) | (high << rest)
            shifted[2 * at + 1] = (high >> bits) | (_ALL << rest)
        else:
            shifted[2 * at] = (low << bits) | (_ALL >> rest)
            shifted[2 * at + 1] = (high << bits) | (low >> rest)
    return diagonals


@compiled(inline="always")
def count_unequal(
    low: np.uint64, high: np.uint64, length: int, shifted: npt.NDArray[np.uint64], diagonals: int
) -> np.uint64:
    """How many of the `length` characters of a row have no equal one at any of the diagonals."""
    in_low = _TOP
    in_high = _TOP
    for at in range(diagonals):
        difference = low ^ shifted[2 * at]
        in_low &= ((difference & _LOW7) + _LOW7) | difference  # the top bit of each byte that is not 0
        difference = high ^ shifted[2 * at + 1]
        in_high &= ((difference & _LOW7) + _LOW7) | difference
    if length <= 8:
        return count_bits(in_low & (_ALL >> np.uint64(64 - 8 * length)))
    return count_bits(in_low) + count_bits(in_high & (_ALL >> np.uint64(128 - 8 * length)))

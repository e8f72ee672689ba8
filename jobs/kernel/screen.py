"""A cheap screen before the distance: most candidates differ in too many characters to be similar.

One edit removes at most one character and adds at most one. So if two names are within k edits, at most k
characters of either, counted with repetition, are missing in the other. Counting by (code mod 64) and only up to
two repetitions can only make the count of missing characters smaller: the screen lets every similar pair pass.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.core import types
from numba.extending import intrinsic

CHUNK = 4096


@intrinsic
def count_bits(typing_context: Any, word: Any) -> Any:  # noqa: ARG001  # numba's calling convention
    """Population count of a uint64: one instruction, which LLVM also vectorises."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@numba.njit(cache=True, nogil=True)
def screen(
    once: np.uint64,
    twice: np.uint64,
    others_once: npt.NDArray[np.uint64],
    others_twice: npt.NDArray[np.uint64],
    begin: int,
    end: int,
    bound: int,
    passed: npt.NDArray[np.uint8],
    hits: npt.NDArray[np.int64],
) -> int:
    """Write to hits (int64[CHUNK]) the places in [begin, end) that may be within `bound` edits; their number.

    end - begin is at most CHUNK; passed (uint8[CHUNK]) is scratch memory. The first loop has no branch and
    becomes vector instructions; the second reads its bytes eight at a time.
    """
    count = end - begin
    most = np.uint64(bound)
    with_once = others_once[begin:end]  # indices from 0 need no sign check, without which LLVM would not vectorise
    with_twice = others_twice[begin:end]
    flags = passed[:count]
    for i in range(count):
        o = with_once[i]
        t = with_twice[i]
        missing_there = count_bits(once & ~o) + count_bits(twice & ~t)
        missing_here = count_bits(o & ~once) + count_bits(t & ~twice)
        flags[i] = np.uint8(max(missing_there, missing_here) <= most)
    found = 0
    words = passed.view(np.uint64)
    for word in range(count // 8):
        if words[word] != 0:
            for i in range(word * 8, word * 8 + 8):
                hits[found] = begin + i
                found += passed[i]
    for i in range(count // 8 * 8, count):
        hits[found] = begin + i
        found += passed[i]
    return found

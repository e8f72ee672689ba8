"""The first screen before the distance: most candidates differ in too many characters to be similar.

Characters fall into 40 classes. A name's signature is a set of bits: a class that occurs in the name, and, of the
first 24 classes, a class that occurs at least twice. An edit adds at most one character and removes at most one;
each of them changes the count of one class by one, and so at most one bit. Edits that insert i, remove r and replace
s characters change at most i + r + 2s bits. If k edits make a name shorter by `gap`, then i + r + s <= k and
r - i = gap, so i + r + 2s <= 2k - (i + r) <= 2k - gap: names whose signatures differ in more bits are not similar.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types
from numba.extending import intrinsic

from lookalike.strings.compiler import compiled

CHUNK = 4096
_FEW = 16  # less than what it takes to begin with vectors
_ONCE = np.uint64(40)  # bits for classes that occur; the rest for those that occur twice
_LOW_ONCE = (np.uint64(1) << _ONCE) - np.uint64(1)
_LOW_TWICE = (np.uint64(1) << (np.uint64(64) - _ONCE)) - np.uint64(1)


class ScreenRoom(NamedTuple):
    """Scratch memory of a screen.

    flags   uint8[CHUNK]
    words   uint64[CHUNK / 8], the same memory
    hits    int64[CHUNK + 1], what the screen found
    """

    flags: npt.NDArray[np.uint8]
    words: npt.NDArray[np.uint64]
    hits: npt.NDArray[np.int64]


def new_screen_room() -> ScreenRoom:
    """Made once for many screens: asking for memory takes longer than comparing ten names."""
    flags = np.empty(CHUNK, np.uint8)
    return ScreenRoom(flags, flags.view(np.uint64), np.empty(CHUNK + 1, np.int64))


@intrinsic
def count_bits(typing_context: Any, word: Any) -> Any:  # noqa: ARG001  # numba's calling convention
    """Population count of a uint64: one instruction, which LLVM also vectorises."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@compiled
def signature(once: np.uint64, twice: np.uint64) -> np.uint64:
    """The signature of a name with these planes, see EncodedNames: their 64 classes become 40."""
    low = once & _LOW_ONCE
    high = once >> _ONCE
    again = (twice | (twice >> _ONCE) | (low & high)) & _LOW_TWICE
    return low | high | (again << _ONCE)


@compiled
def signatures(
    once: npt.NDArray[np.uint64], twice: npt.NDArray[np.uint64], chosen: npt.NDArray[np.uint32]
) -> npt.NDArray[np.uint64]:
    """The signatures of the chosen names, given the planes of all."""
    found = np.empty(len(chosen), np.uint64)
    for i in range(len(chosen)):
        found[i] = signature(once[chosen[i]], twice[chosen[i]])
    return found


@compiled(inline="always")
def screen(
    wanted: np.uint64,
    others: npt.NDArray[np.uint64],
    begin: int,
    end: int,
    most: int,
    flags: npt.NDArray[np.uint8],
    words: npt.NDArray[np.uint64],
    hits: npt.NDArray[np.int64],
) -> int:
    """Write to hits the places in [begin, end) whose signature differs in at most `most` bits.

    Returns their number. end - begin is at most CHUNK. flags, words, hits: of a ScreenRoom, which the caller takes
    apart once: each access to a member of a tuple counts references. Of the loops for many, the first has no branch
    and becomes vector instructions; the second reads its bytes eight at a time.
    """
    limit = np.uint64(max(most, 0))
    found = 0
    if end - begin <= _FEW:
        for at in range(begin, end):
            hits[found] = at
            found += int(count_bits(wanted ^ others[at]) <= limit)
        return found
    # Unsigned indices need no sign check, without which LLVM would not vectorise; a slice would count references.
    first = np.uint64(begin)
    for i in range(np.uint64(end - begin)):
        flags[i] = np.uint8(count_bits(wanted ^ others[first + i]) <= limit)
    whole = (end - begin) // 8
    for word in range(whole):
        if words[word] != 0:
            for i in range(word * 8, word * 8 + 8):
                hits[found] = begin + i
                found += flags[i]
    for i in range(whole * 8, end - begin):
        hits[found] = begin + i
        found += flags[i]
    return found

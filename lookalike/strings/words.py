"""Machine operations that numba does not offer: byte masks, unaligned words, wide products.

Little-endian machines only, as all that Spark and Arrow run on today.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from lookalike.strings.compiler import is_interpreting

Function = TypeVar("Function", bound=Callable[..., Any])

BLOCK: Final = 64  # bytes that byte_mask looks at


def _as_machine_code(function: Function) -> Function:
    """What compiled functions call instead: the machine code of the same name in machinewords."""
    if is_interpreting():
        return function
    from lookalike.strings import machinewords  # loads slowly

    found: Function = getattr(machinewords, function.__name__)
    return found


@_as_machine_code
def load_word(buffer: npt.NDArray[np.uint8], at: int) -> np.uint64:
    """The 8 bytes of the uint8[] `buffer` from byte `at` as a uint64; the caller keeps within the buffer."""
    return np.uint64(int.from_bytes(buffer[at : at + 8].tobytes(), "little"))


@_as_machine_code
def byte_mask(buffer: npt.NDArray[np.uint8], at: int, one: np.uint8, other: np.uint8) -> np.uint64:
    """uint64 whose bit i says that buffer[at + i] is `one` or `other`; reads BLOCK bytes of a uint8[]."""
    block = buffer[at : at + BLOCK]
    bits = np.packbits((block == one) | (block == other), bitorder="little")
    return np.uint64(int.from_bytes(bits.tobytes(), "little"))


@_as_machine_code
def trailing_zeros(word: np.uint64) -> int:
    """The number of zero bits below the lowest one of a uint64, as an intp; 64 for zero."""
    whole = int(word)
    return (whole & -whole).bit_length() - 1 if whole else 64


@_as_machine_code
def product_high(one: np.uint64, other: np.uint64) -> np.uint64:
    """The upper 64 bits of the 128-bit product of two uint64."""
    return np.uint64(int(one) * int(other) >> 64)

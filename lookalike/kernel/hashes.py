"""The bucket of a segment, from eight characters at once where these are bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import pointer_add
from numba.extending import intrinsic

from lookalike.kernel.names import Codes
from lookalike.strings.compiler import compiled

PADDING = 8  # characters after the last one that may be read
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@intrinsic
def _eight_bytes(typing_context: Any, codes: Any, at: Any) -> Any:  # noqa: ARG001  # numba's calling convention
    """The eight bytes of codes (uint8) from `at` on as a word, which no index expression can read in one go."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = pointer_add(builder, array.data, arguments[1], ir.IntType(64).as_pointer())
        return builder.load(address, align=1)

    return types.uint64(codes, types.int64), generate


@compiled(forceinline=True)
def bucket_of(codes: Codes, start: int, length: int, bits: int) -> np.uint32:
    """The bucket, of 2^bits, for a segment of at least one character; PADDING more follow the last of `codes`."""
    if codes.itemsize == 1 and length <= 8:
        word = _eight_bytes(codes, start) & (_ALL >> np.uint64(64 - 8 * length))
    else:
        word = _folded(codes, start, length)
    mixed = word * _MIX
    mixed ^= mixed >> np.uint64(32)
    return np.uint32((mixed * _MIX) >> np.uint64(64 - bits))


@compiled
def _folded(codes: Codes, start: int, length: int) -> np.uint64:
    """A word of so many characters. Apart: the loop in it would slow down those that need none."""
    mixed = np.uint64(0)
    for at in range(start, start + length):
        mixed = (mixed + np.uint64(codes[at]) + np.uint64(1)) * _MIX
    return mixed

"""Bytes copied from array to array: words and runs at any place.

Stores of a word and copies of a few bytes write too far: every buffer that is written to has room behind what is
expected of it (ROOM), and so has every buffer that words are loaded from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from lookalike.strings.compiler import compiled
from lookalike.strings.words import load_word

Bytes = npt.NDArray[np.uint8]

ROOM: Final = 64

_STEP: Final = 24  # bytes: a name or a hashtag; twice as much: an id


def _pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """The address of byte `at` of a uint8[]."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at], inbounds=True)


def _store_word(typing: Any, buffer: Any, at: Any, word: Any) -> Any:  # noqa: ARG001  # numba's calling convention
    """Write a uint64 to the 8 bytes of the uint8[] `buffer` from byte `at`."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = _pointer(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store(arguments[2], builder.bitcast(start, ir.IntType(64).as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(buffer, types.intp, types.uint64), code


def _copy_bytes(typing: Any, to: Any, at: Any, source: Any, start: Any, count: Any) -> Any:  # noqa: ARG001  # as above
    """Copy `count` bytes of the uint8[] `source` from `start` to byte `at` of `to`; they may overlap."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        there = _pointer(context, builder, signature.args[0], arguments[0], arguments[1])
        here = _pointer(context, builder, signature.args[2], arguments[2], arguments[3])
        cgutils.raw_memmove(builder, there, here, arguments[4], 1)
        return context.get_dummy_value()

    return types.void(to, types.intp, source, types.intp, types.intp), code


# numba types an intrinsic with the context that only the compiler passes; these are the types for callers.
store_word: Callable[[Bytes, int, np.uint64], None] = cast(Any, intrinsic(_store_word))
copy_bytes: Callable[[Bytes, int, Bytes, int, int], None] = cast(Any, intrinsic(_copy_bytes))


@compiled(inline="always")
def copy_short(to: Bytes, at: int, source: Bytes, start: int, count: int) -> None:
    """As copy_bytes, for a few dozen bytes, which take a call of memmove longer than some whole words do."""
    if count <= _STEP and start + _STEP <= len(source):
        for word in range(0, _STEP, 8):
            store_word(to, at + word, load_word(source, start + word))
    elif count <= 2 * _STEP and start + 2 * _STEP <= len(source):
        for word in range(0, 2 * _STEP, 8):
            store_word(to, at + word, load_word(source, start + word))
    else:
        copy_bytes(to, at, source, start, count)

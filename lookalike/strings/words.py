"""Machine operations that numba does not offer: byte masks, unaligned words, wide products.

Little-endian machines only, as all that Spark and Arrow run on today.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

BLOCK = 64  # bytes that byte_mask looks at

_U8, _U64, _U128 = ir.IntType(8), ir.IntType(64), ir.IntType(128)


def _address(context: Any, builder: Any, signature: Any, arguments: Any, kind: Any) -> Any:
    """A pointer to `kind` at byte arguments[1] of the array arguments[0]."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    start = builder.gep(array.data, [arguments[1]], inbounds=True)
    return builder.bitcast(start, kind.as_pointer())


def _load_word(typing: Any, buffer: Any, at: Any) -> Any:  # noqa: ARG001  # numba passes the typing context
    """The 8 bytes of the uint8[] `buffer` from byte `at` as a uint64; the caller keeps within the buffer."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature, arguments, _U64), align=1)

    return types.uint64(buffer, types.intp), code


def _byte_mask(typing: Any, buffer: Any, at: Any, one: Any, other: Any) -> Any:  # noqa: ARG001  # as above
    """uint64 whose bit i says that buffer[at + i] is `one` or `other`; reads BLOCK bytes of a uint8[]."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_U8, BLOCK)
        block = builder.load(_address(context, builder, signature, arguments, vector), align=1)
        undefined, zero = ir.Constant(vector, ir.Undefined), ir.IntType(32)(0)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), [zero] * BLOCK)

        def equals(byte: Any) -> Any:
            spread = builder.shuffle_vector(builder.insert_element(undefined, byte, zero), undefined, lanes)
            return builder.icmp_unsigned("==", block, spread)

        return builder.bitcast(builder.or_(equals(arguments[2]), equals(arguments[3])), _U64)

    return types.uint64(buffer, types.intp, types.uint8, types.uint8), code


def _trailing_zeros(typing: Any, word: Any) -> Any:  # noqa: ARG001  # as above
    """The number of zero bits below the lowest one of a uint64, as an intp; 64 for zero."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001  # as above
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.intp(types.uint64), code


def _product_high(typing: Any, one: Any, other: Any) -> Any:  # noqa: ARG001  # as above
    """The upper 64 bits of the 128-bit product of two uint64."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001  # as above
        wide = [builder.zext(argument, _U128) for argument in arguments]
        return builder.trunc(builder.lshr(builder.mul(*wide), _U128(64)), _U64)

    return types.uint64(types.uint64, types.uint64), code


# numba types an intrinsic with the context that only the compiler passes; these are the types for callers.
load_word: Callable[[npt.NDArray[np.uint8], int], np.uint64] = cast(Any, intrinsic(_load_word))
byte_mask: Callable[[npt.NDArray[np.uint8], int, np.uint8, np.uint8], np.uint64] = cast(Any, intrinsic(_byte_mask))
trailing_zeros: Callable[[np.uint64], int] = cast(Any, intrinsic(_trailing_zeros))
product_high: Callable[[np.uint64, np.uint64], np.uint64] = cast(Any, intrinsic(_product_high))

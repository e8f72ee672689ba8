"""The machine code of the functions of words.py, which say what it does."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

_LANES = 64  # bits of a mask
_U8, _U64, _U128 = ir.IntType(8), ir.IntType(64), ir.IntType(128)


def _address(context: Any, builder: Any, signature: Any, arguments: Any, kind: Any) -> Any:
    """A pointer to `kind` at byte arguments[1] of the array arguments[0]."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    start = builder.gep(array.data, [arguments[1]], inbounds=True)
    return builder.bitcast(start, kind.as_pointer())


def _load_word(typing: Any, buffer: Any, at: Any) -> Any:  # noqa: ARG001  # numba passes the typing context
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature, arguments, _U64), align=1)

    return types.uint64(buffer, types.intp), code


def _byte_mask(typing: Any, buffer: Any, at: Any, one: Any, other: Any) -> Any:  # noqa: ARG001  # as above
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_U8, _LANES)
        block = builder.load(_address(context, builder, signature, arguments, vector), align=1)
        undefined, zero = ir.Constant(vector, ir.Undefined), ir.IntType(32)(0)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), _LANES), [zero] * _LANES)

        def equals(byte: Any) -> Any:
            spread = builder.shuffle_vector(builder.insert_element(undefined, byte, zero), undefined, lanes)
            return builder.icmp_unsigned("==", block, spread)

        return builder.bitcast(builder.or_(equals(arguments[2]), equals(arguments[3])), _U64)

    return types.uint64(buffer, types.intp, types.uint8, types.uint8), code


def _trailing_zeros(typing: Any, word: Any) -> Any:  # noqa: ARG001  # as above
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001  # as above
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.intp(types.uint64), code


def _product_high(typing: Any, one: Any, other: Any) -> Any:  # noqa: ARG001  # as above
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001  # as above
        wide = [builder.zext(argument, _U128) for argument in arguments]
        return builder.trunc(builder.lshr(builder.mul(*wide), _U128(64)), _U64)

    return types.uint64(types.uint64, types.uint64), code


load_word = intrinsic(_load_word)
byte_mask = intrinsic(_byte_mask)
trailing_zeros = intrinsic(_trailing_zeros)
product_high = intrinsic(_product_high)

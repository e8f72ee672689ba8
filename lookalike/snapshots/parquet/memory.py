"""Integers in arrays of bytes: of variable length, and how many bits they need; and bytes compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from lookalike.strings.words import load_word

Bytes = npt.NDArray[np.uint8]

_SEVEN = np.uint64(7)
_LOW = np.uint64(0x7F)
_MORE = np.uint64(0x80)


def _leading_zeros(typing: Any, word: Any) -> Any:  # noqa: ARG001  # numba passes the typing context
    """The number of zero bits above the highest one of a uint64, as an intp; 64 for zero."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001  # as above
        return builder.ctlz(arguments[0], ir.IntType(1)(0))

    return types.intp(types.uint64), code


# numba types an intrinsic with the context that only the compiler passes; these are the types for callers.
_leading_zeros_of: Callable[[np.uint64], int] = cast(Any, intrinsic(_leading_zeros))


@numba.njit(cache=True, nogil=True, inline="always")
def _signed(word: Any) -> Any:
    return np.int64(word)


# Any integer as one that can be added to others: an unsigned one and a signed one make a double.
signed: Callable[[Any], int] = _signed


@numba.njit(cache=True, nogil=True, inline="always")
def equal_bytes(data: Bytes, one: int, other: int, size: int) -> bool:
    """Whether data[one : one + size] is data[other : other + size]; ROOM behind either can be read. size > 0."""
    if size <= 8:
        difference = load_word(data, one) ^ load_word(data, other)
        return difference << np.uint64(64 - 8 * size) == np.uint64(0)
    equal = load_word(data, one + size - 8) == load_word(data, other + size - 8)
    at = 0
    while equal and at < size - 8:
        equal = load_word(data, one + at) == load_word(data, other + at)
        at += 8
    return equal


@numba.njit(cache=True, nogil=True)
def put_varint(out: Bytes, at: int, value: np.uint64) -> int:
    """Write an unsigned LEB128 (ULEB128 in the specification of the encodings); the place behind it."""
    while value >= _MORE:
        out[at] = np.uint8((value & _LOW) | _MORE)
        value >>= _SEVEN
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@numba.njit(cache=True, nogil=True)
def get_varint(buffer: Bytes, at: int, end: int) -> tuple[np.uint64, int]:
    """Read an unsigned LEB128 that ends before `end`; the place behind it. Raises ValueError."""
    value = np.uint64(0)
    shift = np.uint64(0)
    while at < end and shift < np.uint64(64):
        byte = np.uint64(buffer[at])
        at += 1
        value |= (byte & _LOW) << shift
        if byte < _MORE:
            return value, at
        shift += _SEVEN
    raise ValueError("a number does not end")


@numba.njit(cache=True, nogil=True)
def varint_size(value: np.uint64) -> int:
    """How many bytes put_varint writes."""
    size = 1
    while value >= _MORE:
        value >>= _SEVEN
        size += 1
    return size


@numba.njit(cache=True, nogil=True)
def zigzag(value: np.int64) -> np.uint64:
    """Small numbers of either sign as small unsigned ones."""
    return np.uint64((value << np.int64(1)) ^ (value >> np.int64(63)))


@numba.njit(cache=True, nogil=True)
def unzigzag(value: np.uint64) -> np.int64:
    """The number that zigzag made this of."""
    return np.int64(value >> np.uint64(1)) ^ -np.int64(value & np.uint64(1))


@numba.njit(cache=True, nogil=True)
def bit_width(value: np.uint64) -> int:
    """How many bits a number needs; 0 for 0."""
    return 64 - _leading_zeros_of(value)

"""Pages: a header and a body, and the definition levels with which the body of a nullable column begins.

Parquet format, parquet.thrift `PageHeader`, in Thrift's compact protocol, and README.md "Data Pages": data pages of
version 1, not compressed, without repetition levels as no table is nested.
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from lookalike.snapshots.parquet.hybrid import get_hybrid, put_hybrid
from lookalike.snapshots.parquet.memory import Bytes, get_varint, put_varint, signed, unzigzag, varint_size, zigzag
from lookalike.strings.copying import copy_bytes

Valid = npt.NDArray[np.bool_]

DATA_PAGE: Final = 0
DICTIONARY_PAGE: Final = 2

PLAIN: Final = 0
RLE: Final = 3
DELTA: Final = 5
DICTIONARY: Final = 8

# Bytes of page headers, definition levels and padding in a column chunk at most, beyond a bit a value.
OVERHEAD: Final = 512

_INT: Final = 0x15  # the next field, an i32
_DATA_HEADER: Final = 0x2C  # field 5 after field 3, a structure
_DICTIONARY_HEADER: Final = 0x4C  # field 7 after field 3
_LEVELS: Final = 4  # bytes of the length before definition levels


@numba.njit(cache=True, nogil=True)
def begin_page(out: Bytes, at: int, kind: int, size: int, values: int, encoding: int) -> int:
    """Write the header of a page whose body is expected to have `size` bytes; where the body begins."""
    at = _put_field(out, at, kind)
    at = _put_field(out, at, size)
    at = _put_field(out, at, size)
    out[at] = _DICTIONARY_HEADER if kind == DICTIONARY_PAGE else _DATA_HEADER
    at = _put_field(out, at + 1, values)
    at = _put_field(out, at, encoding)
    if kind == DATA_PAGE:
        at = _put_field(out, at, RLE)
        at = _put_field(out, at, RLE)
    out[at] = out[at + 1] = 0
    return at + 2


@numba.njit(cache=True, nogil=True)
def end_page(out: Bytes, at: int, kind: int, size: int, values: int, encoding: int, body: int, end: int) -> int:
    """Correct the header, as begun, for the body that came to be: out[body:end]. The place behind the page."""
    found = end - body
    if found == size:
        return end
    moved = 2 * (varint_size(zigzag(found)) - varint_size(zigzag(size)))  # both sizes in the header
    if moved:
        copy_bytes(out, body + moved, out, body, found)
    begin_page(out, at, kind, found, values, encoding)
    return end + moved


@numba.njit(cache=True, nogil=True)
def read_header(buffer: Bytes, at: int, end: int) -> tuple[int, int, int, int, int]:
    """The header that begin_page wrote: kind, values, encoding, where the body begins and ends. Raises ValueError."""
    kind, at = _get_field(buffer, at, end)
    size, at = _get_field(buffer, at, end)
    stored, at = _get_field(buffer, at, end)
    expected = _DICTIONARY_HEADER if kind == DICTIONARY_PAGE else _DATA_HEADER
    if kind not in (DATA_PAGE, DICTIONARY_PAGE) or size != stored or at >= end or buffer[at] != expected:
        raise ValueError("not the header of a page")
    values, at = _get_field(buffer, at + 1, end)
    encoding, at = _get_field(buffer, at, end)
    if kind == DATA_PAGE:
        _, at = _get_field(buffer, at, end)
        _, at = _get_field(buffer, at, end)
    at += 2
    if size < 0 or values < 0 or at + size > end:
        raise ValueError("a page does not fit")
    return kind, values, encoding, at, at + size


@numba.njit(cache=True, nogil=True)
def put_levels(valid: Valid, rows: int, out: Bytes, at: int) -> int:
    """Definition levels of a nullable column, their length before them. valid: bool[rows], bool[0] if all are."""
    start = at + _LEVELS
    if len(valid):
        end = put_hybrid(valid.astype(np.int32), 1, out, start)
    else:
        end = put_varint(out, start, np.uint64(rows) << np.uint64(1))
        out[end] = 1
        end += 1
    for byte in range(_LEVELS):
        out[at + byte] = np.uint8((end - start) >> (8 * byte))
    return end


@numba.njit(cache=True, nogil=True)
def get_levels(buffer: Bytes, at: int, end: int, rows: int) -> tuple[Valid, int]:
    """What put_levels wrote, and the place behind it. Raises ValueError."""
    if at + _LEVELS > end:
        raise ValueError("levels do not fit")
    size = 0
    for byte in range(_LEVELS):
        size |= signed(buffer[at + byte]) << (8 * byte)
    start = at + _LEVELS
    if start + size > end:
        raise ValueError("levels do not fit")
    level = np.empty(rows, np.int32)
    get_hybrid(buffer, start, start + size, 1, level)
    valid = level == 1
    return (np.zeros(0, np.bool_) if valid.all() else valid), start + size


@numba.njit(cache=True, nogil=True)
def _put_field(out: Bytes, at: int, value: int) -> int:
    out[at] = _INT
    return put_varint(out, at + 1, zigzag(value))


@numba.njit(cache=True, nogil=True)
def _get_field(buffer: Bytes, at: int, end: int) -> tuple[int, int]:
    if at >= end or buffer[at] != _INT:
        raise ValueError("not the header of a page")
    value, at = get_varint(buffer, at + 1, end)
    return unzigzag(value), at

"""Structures in Thrift's compact protocol, as far as a Parquet footer needs it.

thrift-compact-protocol.md: a field is a byte of the distance from the last field's number and of the type, then its
value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Self

_TRUE: Final = 1
_FALSE: Final = 2
_BYTE: Final = 3
_I16: Final = 4
_I32: Final = 5
_I64: Final = 6
_BINARY: Final = 8
_LIST: Final = 9
_STRUCT: Final = 12

_SHORT: Final = [bytes([value]) for value in range(0x80)]


class Struct:
    """A structure being written, its fields in ascending order of their numbers, none over 15 from the last."""

    def __init__(self, begun: Struct | None = None) -> None:
        """begun: one whose fields this is to begin with."""
        self._bytes: bytearray = bytearray(begun._bytes) if begun is not None else bytearray()
        self._last: int = begun._last if begun is not None else 0

    def encoded(self) -> bytes:
        """The structure with the mark of its end."""
        return bytes(self._bytes) + b"\0"

    def flag(self, field: int, value: bool) -> Self:
        """A bool."""
        return self._field(field, _TRUE if value else _FALSE, b"")

    def byte(self, field: int, value: int) -> Self:
        """An i8."""
        return self._field(field, _BYTE, bytes([value]))

    def i16(self, field: int, value: int) -> Self:
        """An i16."""
        return self._field(field, _I16, _zigzag(value))

    def i32(self, field: int, value: int) -> Self:
        """An i32."""
        return self._field(field, _I32, _zigzag(value))

    def i64(self, field: int, value: int) -> Self:
        """An i64; in place, for most of a footer is made of them."""
        out = self._bytes
        out.append((field - self._last) << 4 | _I64)
        self._last = field
        rest = value << 1 if value >= 0 else (-value << 1) - 1
        while rest >= 0x80:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
        return self

    def binary(self, field: int, value: bytes) -> Self:
        """Bytes or a string."""
        return self._field(field, _BINARY, _varint(len(value)) + value)

    def struct(self, field: int, value: Struct) -> Self:
        """A structure or a union."""
        return self._field(field, _STRUCT, value.encoded())

    def i32_list(self, field: int, values: list[int]) -> Self:
        """A list of i32."""
        return self._list(field, _I32, [_zigzag(value) for value in values])

    def binary_list(self, field: int, values: list[bytes]) -> Self:
        """A list of strings."""
        return self._list(field, _BINARY, [_varint(len(value)) + value for value in values])

    def struct_list(self, field: int, values: Iterable[Struct]) -> Self:
        """A list of structures."""
        return self._list(field, _STRUCT, [value.encoded() for value in values])

    def _list(self, field: int, kind: int, items: list[bytes]) -> Self:
        head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
        return self._field(field, _LIST, head + b"".join(items))

    def _field(self, field: int, kind: int, value: bytes) -> Self:
        self._bytes.append((field - self._last) << 4 | kind)
        self._bytes += value
        self._last = field
        return self


def _varint(value: int) -> bytes:
    if value < 0x80:
        return _SHORT[value]
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)

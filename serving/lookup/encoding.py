"""Pairs as JSON: from Arrow's buffers straight to bytes, compiled, with no Python object for a pair."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.strings.compiler import compiled

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int32]


class _Strings(NamedTuple):
    """n strings: string i is data[start[i]:start[i + 1]]."""

    data: Bytes
    start: Places


class _Numbers(NamedTuple):
    """n numbers as text: number i is text[start[which[i]]:start[which[i] + 1]]. Few of them differ."""

    which: Places
    text: Bytes
    start: Places


class _Escapes(NamedTuple):
    """How each byte stands in a JSON string: six bytes of text each, of which the first `length` count."""

    text: Bytes
    length: Bytes


# RFC 8259: the characters that a JSON string has to escape, and how; all others are copied.
_EACH: Final = [
    json.dumps(chr(byte))[1:-1].encode() if byte < 0x20 or byte in b'"\\' else bytes([byte]) for byte in range(256)
]
_ESCAPES: Final = _Escapes(
    text=np.frombuffer(b"".join(escape.ljust(6, b"\0") for escape in _EACH), np.uint8),
    length=np.frombuffer(bytes(len(escape) for escape in _EACH), np.uint8),
)
# What surrounds ids and similarity: [" and "," and ", and ],
_FIXED: Final = 2 + 3 + 2 + 2


class Pairs(NamedTuple):
    """n pairs as they are read: ids (Arrow strings without nulls) and similarity (float64[n], descending)."""

    a: pa.StringArray
    b: pa.StringArray
    similarity: npt.NDArray[np.float64]

    def slice(self, start: int, stop: int) -> Pairs:
        """Some of them, without a copy."""
        return Pairs(
            self.a.slice(start, stop - start), self.b.slice(start, stop - start), self.similarity[start:stop]
        )


class EncodedPairs(NamedTuple):
    """n pairs as JSON arrays with a comma after each.

    text      uint8[ends[n - 1]]
    ends      int64[n], where each pair's text ends, the comma after it included
    """

    text: Bytes
    ends: npt.NDArray[np.int64]


def encode(pairs: Pairs, before: bytes = b"") -> EncodedPairs:
    """Encode pairs, with some bytes before them that `ends` does not count.

    A similarity is printed as Python prints a double: the shortest text that reads the same.
    """
    count = len(pairs.similarity)
    ends = np.empty(count, np.int64)
    if not count:
        return EncodedPairs(np.frombuffer(before, np.uint8), ends)
    numbers = _print_numbers(pairs.similarity)
    a, b = _buffers(pairs.a), _buffers(pairs.b)
    plain = _is_plain(a) and _is_plain(b)
    size = _measure(a, b, numbers, _ESCAPES, plain, ends)
    out = np.empty(len(before) + size, np.uint8)
    out[: len(before)] = np.frombuffer(before, np.uint8)
    _write(a, b, numbers, _ESCAPES, plain, out[len(before) :])
    return EncodedPairs(out, ends)


def similarity_steps(similarity: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Where each run of equal values begins, in values that are sorted."""
    first = np.zeros(min(1, len(similarity)), np.int64)
    return np.concatenate([first, np.flatnonzero(similarity[1:] != similarity[:-1]) + 1])


def _print_numbers(similarity: npt.NDArray[np.float64]) -> _Numbers:
    """As Python prints them. Sorted rows have few different values, so that this costs next to nothing."""
    starts = similarity_steps(similarity)
    texts = [repr(value).encode() for value in similarity[starts].tolist()]
    number = np.repeat(np.arange(len(starts), dtype=np.int32), np.diff(starts, append=len(similarity)))
    text_start = np.zeros(len(texts) + 1, np.int32)
    np.cumsum([len(text) for text in texts], out=text_start[1:])
    return _Numbers(number, np.frombuffer(b"".join(texts), np.uint8), text_start)


def _buffers(strings: pa.StringArray) -> _Strings:
    """The bytes and the n + 1 offsets of Arrow strings, without a copy."""
    offsets = np.frombuffer(strings.buffers()[1], np.int32, len(strings) + 1, strings.offset * 4)
    data = strings.buffers()[2]
    return _Strings(np.frombuffer(b"" if data is None else data, np.uint8), offsets)


@compiled
def _is_plain(strings: _Strings) -> bool:
    """Whether strings can be copied as they are."""
    other = False
    for byte in strings.data[strings.start[0] : strings.start[-1]]:
        other |= (byte < 0x20) | (byte == 0x22) | (byte == 0x5C)
    return not other


@compiled
def _measure(
    a: _Strings, b: _Strings, numbers: _Numbers, escapes: _Escapes, plain: bool, ends: npt.NDArray[np.int64]
) -> int:
    """Fill `ends`; the size of all."""
    # Taken out of their tuples once: each access to a member would count references.
    a_data, a_start = a
    b_data, b_start = b
    which, _, text_start = numbers
    escaped_length = escapes.length
    at = 0
    for row in range(len(ends)):
        length = text_start[which[row] + 1] - text_start[which[row]] + _FIXED
        if plain:
            length += a_start[row + 1] - a_start[row] + b_start[row + 1] - b_start[row]
        else:
            for place in range(a_start[row], a_start[row + 1]):
                length += escaped_length[a_data[place]]
            for place in range(b_start[row], b_start[row + 1]):
                length += escaped_length[b_data[place]]
        at += length
        ends[row] = at
    return at


@compiled
def _write(a: _Strings, b: _Strings, numbers: _Numbers, escapes: _Escapes, plain: bool, out: Bytes) -> None:
    a_data, a_start = a
    b_data, b_start = b
    which, text, text_start = numbers
    escaped, escaped_length = escapes
    at = 0
    for row in range(len(which)):
        out[at] = 0x5B
        out[at + 1] = 0x22
        at = _put(out, at + 2, a_data, a_start[row], a_start[row + 1], escaped, escaped_length, plain)
        out[at] = 0x22
        out[at + 1] = 0x2C
        out[at + 2] = 0x22
        at = _put(out, at + 3, b_data, b_start[row], b_start[row + 1], escaped, escaped_length, plain)
        out[at] = 0x22
        out[at + 1] = 0x2C
        at += 2
        for place in range(text_start[which[row]], text_start[which[row] + 1]):
            out[at] = text[place]
            at += 1
        out[at] = 0x5D
        out[at + 1] = 0x2C
        at += 2


@compiled
def _put(
    out: Bytes, at: int, source: Bytes, start: int, stop: int, escaped: Bytes, escaped_length: Bytes, plain: bool
) -> int:
    """Write source[start:stop] at `at`, escaped unless all of it is plain; where it ends."""
    if plain:
        for place in range(stop - start):
            out[at + place] = source[start + place]
        return at + stop - start
    for place in range(start, stop):
        byte = source[place]
        for step in range(escaped_length[byte]):
            out[at] = escaped[byte * 6 + step]
            at += 1
    return at

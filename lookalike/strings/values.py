"""From the bytes of many values to numbers: hashes, repost flags, blanks. Times are in timestamps.py.

Every function takes n values as a Column does: buffer uint8[], start and end int64[n].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from lookalike.strings.compiler import compiled
from lookalike.strings.words import load_word, product_high

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

Scalar = TypeVar("Scalar", bound=np.generic)

UNKNOWN_FLAG: Final = -1

# What a column of flags may hold: 1.0 is what tools write that keep a column with gaps as doubles.
_FLAGS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("0", "false", "0.0", "f", "no", "n", "original", "quote", "quoted", "reply", "replied_to"), 0),
    **dict.fromkeys(("1", "true", "1.0", "t", "yes", "y", "retweet", "retweeted", "rt", "repost", "reposted"), 1),
}
_FLAG_WORDS: Final = np.frombuffer("".join(_FLAGS).encode(), np.uint8)
_FLAG_EDGES: Final = np.cumsum([0, *map(len, _FLAGS)])
_FLAG_VALUES: Final = np.array(list(_FLAGS.values()), np.int8)

# The digits of pi after the point, in base 16.
_ONE, _TWO, _THREE = (
    np.uint64(0x243F6A8885A308D3),
    np.uint64(0x13198A2E03707345),
    np.uint64(0xA4093822299F31D1),
)


def frozen(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """The same array, read-only: so that numba compiles one version for memory-mapped and other arrays."""
    view = array.view()
    view.flags.writeable = False
    return view


def hash_values(buffer: Bytes, start: Places, end: Places, seed: int = 0) -> Hashes:
    """uint64[n]: a 64-bit hash of each value's bytes, the same on every machine and in every run.

    After wyhash (Wang Yi): products of 128 bits folded. Not for secrets: inputs can be made to collide.
    """
    return _hash_values(frozen(buffer), frozen(start), frozen(end), np.uint64(seed))


def combine_hashes(one: Hashes, other: Hashes) -> Hashes:
    """uint64[n]: a hash of each ordered pair of hashes, to make one hash of several columns."""
    return _combine_hashes(frozen(one), frozen(other))


HALF: Final = np.uint64(32)  # bits of a hash


def first_half_of(hashes: Hashes) -> Hashes:
    """uint64[n]: the upper 32 bits of each hash, the others 0."""
    return (hashes >> HALF) << HALF


def parse_flags(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.int8]:
    """int8[n]: 1 for what means yes, 0 for what means no (see _FLAGS), in any case; UNKNOWN_FLAG for the rest."""
    return _parse_flags(frozen(buffer), frozen(start), frozen(end))


def are_blank(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.bool_]:
    """bool[n]: whether each value is empty or has nothing but spaces and control characters of ASCII."""
    return _are_blank(frozen(buffer), frozen(start), frozen(end))


def beyond_ascii(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.bool_]:
    """bool[n]: whether each value has a byte that is not ASCII."""
    return _beyond_ascii(frozen(buffer), frozen(start), frozen(end))


def pack_values(buffer: Bytes, start: Places, end: Places) -> tuple[Bytes, Places]:
    """The values copied one after the other: their bytes, and int64[n + 1] where each begins."""
    offsets = np.zeros(len(start) + 1, np.int64)
    np.cumsum(end - start, out=offsets[1:])
    packed = np.empty(offsets[-1], np.uint8)
    _copy_values(frozen(buffer), frozen(start), frozen(end), packed)
    return packed, offsets


@compiled
def fold_product(one: np.uint64, other: np.uint64) -> np.uint64:
    """Both halves of the product in 64 bits; the factors stay in it, so that a zero loses nothing."""
    return one ^ other ^ (one * other) ^ product_high(one, other)


@compiled
def hash_bytes(buffer: Bytes, start: int, end: int, seed: np.uint64) -> np.uint64:
    """The hash of buffer[start:end]; see hash_values."""
    length = end - start
    state = seed ^ _ONE
    low = high = np.uint64(0)
    if length >= 16:
        at = start
        while at + 16 < end:
            state = fold_product(load_word(buffer, at) ^ _TWO, load_word(buffer, at + 8) ^ state)
            at += 16
        low, high = load_word(buffer, end - 16), load_word(buffer, end - 8)
    elif length >= 8:
        low, high = load_word(buffer, start), load_word(buffer, end - 8)
    else:
        for i in range(start, end):
            low = (low << np.uint64(8)) | np.uint64(buffer[i])
    return fold_product(_THREE ^ np.uint64(length), fold_product(low ^ _TWO, high ^ state))


@compiled
def _hash_values(buffer: Bytes, start: Places, end: Places, seed: np.uint64) -> Hashes:
    hashes = np.empty(len(start), np.uint64)
    for i in range(len(start)):
        hashes[i] = hash_bytes(buffer, start[i], end[i], seed)
    return hashes


@compiled
def _combine_hashes(one: Hashes, other: Hashes) -> Hashes:
    hashes = np.empty(len(one), np.uint64)
    for i in range(len(one)):
        hashes[i] = fold_product(one[i] ^ _ONE, other[i] ^ _TWO)
    return hashes


@compiled
def _trimmed(buffer: Bytes, start: int, end: int) -> tuple[int, int]:
    """Without spaces and control characters at both ends."""
    while start < end and buffer[start] <= 32:
        start += 1
    while start < end and buffer[end - 1] <= 32:
        end -= 1
    return start, end


@compiled
def _is_word(buffer: Bytes, start: int, end: int, word: int) -> bool:
    """Whether buffer[start:end] is a word of _FLAGS, in any case."""
    begin = _FLAG_EDGES[word]
    if end - start != _FLAG_EDGES[word + 1] - begin:
        return False
    for i in range(end - start):
        byte = buffer[start + i]
        if (byte | np.uint8(32) if 65 <= byte <= 90 else byte) != _FLAG_WORDS[begin + i]:
            return False
    return True


@compiled
def _parse_flags(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.int8]:
    flags = np.empty(len(start), np.int8)
    for i in range(len(start)):
        first, last = _trimmed(buffer, start[i], end[i])
        flags[i] = UNKNOWN_FLAG
        for word in range(len(_FLAG_VALUES)):
            if _is_word(buffer, first, last, word):
                flags[i] = _FLAG_VALUES[word]
                break
    return flags


@compiled
def _are_blank(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.bool_]:
    blank = np.empty(len(start), np.bool_)
    for i in range(len(start)):
        first, last = _trimmed(buffer, start[i], end[i])
        blank[i] = first == last
    return blank


@compiled
def _beyond_ascii(buffer: Bytes, start: Places, end: Places) -> npt.NDArray[np.bool_]:
    beyond = np.zeros(len(start), np.bool_)
    for i in range(len(start)):
        for at in range(start[i], end[i]):
            beyond[i] |= buffer[at] >= 0x80
    return beyond


@compiled
def _copy_values(buffer: Bytes, start: Places, end: Places, packed: Bytes) -> None:
    to = 0
    for i in range(len(start)):
        at, last = start[i], end[i]
        # Whole words while the source allows it; what is copied too far is overwritten by the next value.
        while at < last and at + 8 <= len(buffer) and to + 8 <= len(packed):
            store = load_word(buffer, at)
            for byte in range(8):
                packed[to + byte] = np.uint8(store >> np.uint64(8 * byte))
            step = min(8, last - at)
            at += step
            to += step
        for place in range(at, last):
            packed[to] = buffer[place]
            to += 1

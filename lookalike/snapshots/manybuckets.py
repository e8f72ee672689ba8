"""The buckets of many keys or ids at once: outputs.buckets.bucket_of, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lookalike.strings.compiler import compiled
from lookalike.strings.packed import packed_strings
from lookalike.strings.values import Bytes, Places, frozen

_CRC32 = np.zeros(256, np.uint32)  # of each byte, the reflected polynomial of zlib
for _byte in range(256):
    _value = _byte
    for _ in range(8):
        _value = (_value >> 1) ^ (0xEDB88320 if _value & 1 else 0)
    _CRC32[_byte] = _value


def buckets_of(packed: Bytes, offsets: Places, buckets: int) -> npt.NDArray[np.uint16]:
    """uint16[n]: outputs.buckets.bucket_of of each packed[offsets[i]:offsets[i + 1]]; offsets int64[n + 1]."""
    return _crc32_modulo(frozen(packed), frozen(offsets), buckets)


def order_by_bucket(keys: pa.StringArray, buckets: int) -> tuple[Places, Places]:
    """int64[n]: the places of n keys by bucket, else as they are; int64[buckets + 1]: where each bucket begins."""
    bucket = buckets_of(*packed_strings(keys), buckets)
    counts = np.bincount(bucket, minlength=buckets)
    return np.argsort(bucket, kind="stable"), np.concatenate([[0], np.cumsum(counts)])


@compiled
def _crc32_modulo(packed: Bytes, offsets: Places, buckets: int) -> npt.NDArray[np.uint16]:
    found = np.empty(len(offsets) - 1, np.uint16)
    for i in range(len(found)):
        crc = np.uint32(0xFFFFFFFF)
        for at in range(offsets[i], offsets[i + 1]):
            crc = _CRC32[np.uint8(crc) ^ packed[at]] ^ (crc >> np.uint32(8))
        found[i] = (crc ^ np.uint32(0xFFFFFFFF)) % np.uint32(buckets)
    return found

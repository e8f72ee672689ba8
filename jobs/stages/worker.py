"""What the tasks of one Python worker process share."""

from __future__ import annotations

import functools

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.inputs.accounts import AccountTable
from jobs.inputs.values import Bytes, Places

_CRC32 = np.zeros(256, np.uint32)  # of each byte, the reflected polynomial of zlib
for _byte in range(256):
    _value = _byte
    for _ in range(8):
        _value = (_value >> 1) ^ (0xEDB88320 if _value & 1 else 0)
    _CRC32[_byte] = _value


@functools.lru_cache(maxsize=2)
def accounts_table(path: str) -> AccountTable:
    """The table of accounts that the driver wrote to the run's work folder, mapped into memory."""
    return AccountTable.open(path)


@functools.lru_cache(maxsize=2)
def account_buckets(path: str, buckets: int) -> npt.NDArray[np.uint16]:
    """layout.bucket_of(id, buckets) of every account of the table."""
    return _buckets(accounts_table(path).ids, buckets)


def _buckets(ids: pa.LargeStringArray, buckets: int) -> npt.NDArray[np.uint16]:
    _, offsets, values = ids.buffers()
    if not len(ids) or values is None or not values.size:
        return np.zeros(len(ids), np.uint16)
    starts = np.frombuffer(offsets, np.int64, len(ids) + 1, ids.offset * 8)
    return _crc32_modulo(np.frombuffer(values, np.uint8), starts, buckets)


@numba.njit(cache=True, nogil=True)
def _crc32_modulo(values: Bytes, starts: Places, buckets: int) -> npt.NDArray[np.uint16]:
    found = np.empty(len(starts) - 1, np.uint16)
    for i in range(len(found)):
        crc = np.uint32(0xFFFFFFFF)
        for at in range(starts[i], starts[i + 1]):
            crc = _CRC32[np.uint8(crc) ^ values[at]] ^ (crc >> np.uint32(8))
        found[i] = (crc ^ np.uint32(0xFFFFFFFF)) % np.uint32(buckets)
    return found

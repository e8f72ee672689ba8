"""The parts that tables are split into; imports nothing, for the command line loads it before anything else."""

from __future__ import annotations

import zlib
from typing import Final

MAX_BUCKETS: Final = 4096


def bucket_of(key: str | bytes, buckets: int) -> int:
    """The bucket of a hashtag key or an account id, from 0 to buckets - 1. Bytes are taken as UTF-8."""
    encoded = key if isinstance(key, bytes) else key.encode("utf-8", "surrogatepass")
    return zlib.crc32(encoded) % buckets

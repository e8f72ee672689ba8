"""Checksums of data files.

BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020): 4.2 GB/s of a core that has instructions for SHA-256 and
makes 1.6 GB/s of that. `b3sum` prints it, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from blake3 import blake3

_KINDS: Final[dict[str, Callable[[], Any]]] = {
    "blake3": blake3,
    "sha256": hashlib.sha256,  # files of the first versions have it
}
_DIGITS: Final = frozenset("0123456789abcdef")


class Checksum:
    """A checksum of what it is updated with, as text: its kind, a colon, and 64 hexadecimal digits."""

    def __init__(self, like: str | None = None) -> None:
        """like: a checksum of the kind that this is to be, else of the kind for new files."""
        self._kind = next(iter(_KINDS)) if like is None else like.partition(":")[0]
        self._hash = _KINDS[self._kind]()

    def update(self, data: memoryview | bytes) -> None:
        """Add bytes."""
        self._hash.update(data)

    def text(self) -> str:
        """The checksum of all bytes so far."""
        return f"{self._kind}:{self._hash.hexdigest()}"


def is_checksum(text: str) -> bool:
    """Whether a text is one of a known kind."""
    kind, _, digits = text.partition(":")
    return kind in _KINDS and len(digits) == 64 and set(digits) <= _DIGITS

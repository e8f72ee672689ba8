"""A cache that holds a bounded number of bytes and forgets what was used longest ago."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Any, Final

# What an entry costs besides its payload: the key, the dictionary's slot, the objects around the bytes.
OVERHEAD: Final = 1000


class ByteCache:
    """Values by key, with the bytes that each stands for. For one thread: the event loop's."""

    def __init__(self, capacity: int) -> None:
        """Hold at most `capacity` bytes."""
        self.capacity = capacity
        self.used = 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Any:
        """The value of a key, now the one used last; None if there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: Any, size: int) -> bool:
        """Keep a value that stands for `size` bytes; whether it fits at all."""
        self.discard(key)
        size += OVERHEAD
        if size > self.capacity:
            return False
        self._entries[key] = (value, size)
        self.used += size
        while self.used > self.capacity:
            _, (_, freed) = self._entries.popitem(last=False)
            self.used -= freed
        return True

    def discard(self, key: Hashable) -> None:
        """Forget a key, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.used -= entry[1]

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self.used = 0

    def recent(self) -> Iterator[tuple[Hashable, Any]]:
        """Keys and values, the one used last first."""
        for key in reversed(self._entries):
            yield key, self._entries[key][0]

"""A cache of the blocks of objects that were read last. Of threads that want the same block one fetches it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, NamedTuple

_OVERHEAD: Final = 500  # bytes of memory that an entry takes besides its block


class Block(NamedTuple):
    """A piece of an object: where it begins, and its bytes."""

    key: str
    start: int
    length: int


Fetch = Callable[[str, Sequence[int], Sequence[int]], Sequence[memoryview]]


class BlockCache:
    """For any number of threads. capacity: bytes; a larger block is passed on and not kept."""

    def __init__(self, fetch: Fetch, capacity: int) -> None:
        """fetch: gets pieces of one object, given their starts and lengths."""
        self._fetch, self.capacity, self.used = fetch, capacity, 0
        self._kept: OrderedDict[Block, memoryview] = OrderedDict()
        self._coming: dict[Block, Future[memoryview]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str, places: Sequence[tuple[int, int]]) -> list[memoryview]:
        """Pieces of one object, each given by start and length; missing ones are fetched in one call.

        Raises what `fetch` raised, in all threads that wait for that piece; a later call tries again.
        """
        blocks = [Block(key, start, length) for start, length in places]
        found: dict[Block, memoryview] = {}
        awaited: dict[Block, Future[memoryview]] = {}
        mine: dict[Block, Future[memoryview]] = {}
        with self._lock:
            for block in dict.fromkeys(blocks):
                if block in self._kept:
                    self._kept.move_to_end(block)
                    found[block] = self._kept[block]
                elif block in self._coming:
                    awaited[block] = self._coming[block]
                else:
                    mine[block] = self._coming[block] = Future()
        if mine:
            found |= self._fetched(key, mine)
        found |= {block: future.result() for block, future in awaited.items()}
        return [found[block] for block in blocks]

    def _fetched(self, key: str, mine: dict[Block, Future[memoryview]]) -> dict[Block, memoryview]:
        try:
            views = self._fetch(key, [block.start for block in mine], [block.length for block in mine])
            found = dict(zip(mine, views, strict=True))
        except BaseException as error:
            with self._lock:
                for block in mine:
                    del self._coming[block]
            for future in mine.values():
                future.set_exception(error)
            raise
        with self._lock:
            for block, view in found.items():
                del self._coming[block]
                self._keep(block, view)
        for block, future in mine.items():
            future.set_result(found[block])
        return found

    def _keep(self, block: Block, view: memoryview) -> None:
        cost = view.nbytes + _OVERHEAD
        if cost > self.capacity:
            return
        self._kept[block] = view
        self.used += cost
        while self.used > self.capacity:
            _, oldest = self._kept.popitem(last=False)
            self.used -= oldest.nbytes + _OVERHEAD

"""A file of a store as a stream that asks for the next megabytes before they are read."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple

Ranges = Sequence[tuple[int, int]]

LARGEST_BLOCK: Final = 16 << 20  # bytes that are asked for at once: a request costs as much as some megabytes
_SMALLEST_BLOCK: Final = 64 << 10
_AHEAD: Final = 1  # blocks that are asked for while one is read
_BEHIND: Final = 64 << 10  # bytes that are kept of what was read


class _Block(NamedTuple):
    """Bytes [start, end), on their way."""

    start: int
    end: int
    content: Future[memoryview]


def _end_of(block: _Block) -> _Block:
    """The last bytes of a block, so that the others can be forgotten."""
    if block.end - block.start <= _BEHIND or not block.content.done():
        return block
    return _ready(block.end - _BEHIND, memoryview(bytes(block.content.result()[-_BEHIND:])))


def _ready(start: int, content: memoryview) -> _Block:
    future: Future[memoryview] = Future()
    future.set_result(content)
    return _Block(start, start + content.nbytes, future)


class StoredStream(io.RawIOBase):
    """A stream that can seek, for one thread. It holds two blocks, one that is read and one to come, and little more.

    expected: the ranges that will be read, in this order; nothing else is asked for ahead.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], memoryview],
        size: int,
        expected: Ranges,
        block: int = LARGEST_BLOCK,
    ) -> None:
        """fetch: gives the bytes in [start, end). block: bytes."""
        self._fetch, self._size, self._expected = fetch, size, expected
        self._block_bytes = block
        self._at = 0
        self._blocks: list[_Block] = []
        self._pool: ThreadPoolExecutor | None = None

    def expect(self, expected: Ranges) -> None:
        """What will be read from now on."""
        self._expected = expected

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; nothing is asked for. OSError before the beginning, as files of this machine have it."""
        place += {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._at = place
        return self._at

    def readinto(self, target: Any) -> int:
        """Fill a writable buffer; the number of bytes, fewer only at the end of the file."""
        view = memoryview(target).cast("B")
        filled = 0
        while filled < view.nbytes and self._at < self._size:
            part = self._next(view.nbytes - filled)
            view[filled : filled + part.nbytes] = part
            filled += part.nbytes
        return filled

    def read(self, count: int | None = -1) -> bytes:
        """So many bytes, fewer only at the end of the file; all that follow if the number is negative."""
        left = max(0, self._size - self._at)
        count = left if count is None or count < 0 else min(count, left)
        parts = []
        while count:
            parts.append(self._next(count))
            count -= parts[-1].nbytes
        return b"".join(parts)

    def close(self) -> None:
        """Give up what is still on its way."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        self._blocks.clear()
        super().close()

    def _next(self, wanted: int) -> memoryview:
        """The next bytes, some of those wanted; there are some."""
        block = self._current()
        if block is None:  # the reader goes where nobody expected it
            end = min(self._size, self._at + max(min(wanted, self._block_bytes), _SMALLEST_BLOCK))
            block = _ready(self._at, self._fetch(self._at, end))
            self._blocks = [block]
        part = block.content.result()[self._at - block.start :][:wanted]
        self._at += part.nbytes
        return part

    def _current(self) -> _Block | None:
        """The block that has the next byte, if it is known or expected; those to follow it are on their way then."""
        number = next((i for i, one in enumerate(self._blocks) if one.start <= self._at < one.end), None)
        if number is None:
            self._blocks = []
            number, start = 0, self._at
        else:
            if number:
                self._blocks = [_end_of(self._blocks[number - 1]), *self._blocks[number:]]
            number, start = min(number, 1), self._blocks[-1].end
        while len(self._blocks) <= number + _AHEAD:
            following = self._planned(start)
            if following is None or (not self._blocks and following[0] != self._at):
                break
            self._blocks.append(_Block(*following, self._asked(*following)))
            start = following[1]
        return self._blocks[number] if number < len(self._blocks) else None

    def _planned(self, start: int) -> tuple[int, int] | None:
        """The next block of an expected range at or after a place."""
        for first, last in self._expected:
            place, end = max(first, start), min(last, self._size)
            if place < end:
                return place, min(end, place + self._block_bytes)
        return None

    def _asked(self, start: int, end: int) -> Future[memoryview]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_AHEAD + 1)
        return self._pool.submit(self._fetch, start, end)

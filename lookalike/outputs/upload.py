"""A data file that is written to an object store: a small one by one put, a larger one in parts while it is made."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from lookalike.errors import StoreError
from lookalike.outputs.durable import finish_behind
from lookalike.outputs.newfile import NewFile
from lookalike.outputs.store import PIECE, Store

_WAITING: Final = 2  # pieces that are made ahead of the upload
_LOOKS: Final = 0.5  # seconds between two looks at whether the upload has failed


class _GivenUpError(Exception):
    """Ends an upload: the store is told to forget its parts."""


class UploadedFile(NewFile):
    """An object. The store shows nothing of it before all parts are there, and keeps nothing if it is given up.

    Memory: some pieces. A thread sends the parts.
    """

    def __init__(self, store: Store, key: str) -> None:
        """Ask nothing of the store yet."""
        self._store, self._key = store, key
        self._piece = bytearray()
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._given_up = False
        self._pool: ThreadPoolExecutor | None = None
        self._upload: Future[None] | None = None

    def write(self, data: memoryview) -> None:
        """See NewFile. Raises StoreError if the upload has failed."""
        while len(data):
            if len(self._piece) == PIECE:
                self._pass_on(bytes(self._piece))
                self._piece.clear()
            room = PIECE - len(self._piece)
            self._piece += data[:room]
            data = data[room:]

    def finish(self) -> None:
        """See NewFile. Raises StoreError."""
        finish_behind(self._finish)

    def discard(self) -> None:
        """See NewFile."""
        self._given_up = True
        if self._pool is not None:
            with contextlib.suppress(StoreError, _GivenUpError):
                self._pass_on(None)
                self._wait()

    def _finish(self) -> None:
        if self._pool is None:
            self._store.put(self._key, bytes(self._piece))
        else:
            self._pass_on(bytes(self._piece))
            self._pass_on(None)
            self._wait()

    def _pass_on(self, piece: bytes | None) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1)
            self._upload = self._pool.submit(self._store.put_pieces, self._key, self._made())
        while self._upload is not None and not self._upload.done():
            with contextlib.suppress(queue.Full):
                self._pieces.put(piece, timeout=_LOOKS)
                return
        self._wait()

    def _wait(self) -> None:
        if self._pool is not None and self._upload is not None:
            self._pool.shutdown()
            self._upload.result()

    def _made(self) -> Iterator[bytes]:
        """The pieces as they come. Called by the thread."""
        while (piece := self._pieces.get()) is not None:
            yield piece
        if self._given_up:
            raise _GivenUpError

"""Writes that survive a crash: under its name a file is complete, or it does not exist."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import IO


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Behind:
    """A thread that flushes files, one after the other."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._pending: list[Future[None]] = []

    def flush(self, file: IO[bytes]) -> None:
        self._pending.append(self._pool.submit(_flush_and_close, file))

    def wait(self) -> None:
        self._pool.shutdown()
        for flushed in self._pending:
            flushed.result()


_BEHIND: ContextVar[_Behind | None] = ContextVar("behind", default=None)


@contextlib.contextmanager
def flushed_behind() -> Iterator[None]:
    """Let `flush_and_close` return at once: the disk works while the next file is made.

    Leaving the context waits until all files are on the disk, and raises the first error that one met.
    """
    behind = _Behind()
    token = _BEHIND.set(behind)
    try:
        yield
    finally:
        _BEHIND.reset(token)
        behind.wait()


def flush_and_close(file: IO[bytes]) -> None:
    """Flush a file that is written without a buffer to the disk, and close it; see `flushed_behind`."""
    behind = _BEHIND.get()
    if behind is None:
        _flush_and_close(file)
    else:
        behind.flush(file)


def _flush_and_close(file: IO[bytes]) -> None:
    with file:
        os.fsync(file.fileno())


def temporary_beside(target: Path) -> Path:
    """A fresh name in the same folder, from which a rename to `target` is atomic."""
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")


def write_durably(target: Path, data: bytes) -> None:
    """Replace the content of `target` by `data`: a reader finds all of the old or all of the new at any moment."""
    temporary = temporary_beside(target)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to report
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)

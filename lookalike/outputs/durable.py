"""Writes that survive a crash: under its name a file is complete, or it does not exist."""

import contextlib
import functools
import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Final

_MOST_PENDING: Final = 8  # files
_APPENDED: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_line(path: Path, line: str) -> None:
    """Append a line to a file, which is made if it is not there; one that was cut short before stays a line."""
    descriptor = os.open(path, _APPENDED, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        cut_short = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # by a disk that was full
        os.write(descriptor, f"{chr(10) * cut_short}{line}\n".encode())  # in one call: two runs may end together
    finally:
        os.close(descriptor)


class _Behind:
    """A thread that finishes files, one after the other."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._pending: list[Future[None]] = []

    def do(self, finish: Callable[[], None]) -> None:
        if len(self._pending) >= _MOST_PENDING:  # each may hold some megabytes
            self._pending[-_MOST_PENDING].result()
        self._pending.append(self._pool.submit(finish))

    def wait(self) -> None:
        self._pool.shutdown()
        for finished in self._pending:
            finished.result()


_BEHIND: ContextVar[_Behind | None] = ContextVar("behind", default=None)


@contextlib.contextmanager
def flushed_behind() -> Iterator[None]:
    """Let `finish_behind` return at once: disk and network work while the next file is made.

    Leaving the context waits until all files are where they belong, and raises the first error that one met.
    """
    behind = _Behind()
    token = _BEHIND.set(behind)
    try:
        yield
    finally:
        _BEHIND.reset(token)
        behind.wait()


def finish_behind(finish: Callable[[], None]) -> None:
    """Do what makes a file safe; see `flushed_behind`."""
    behind = _BEHIND.get()
    if behind is None:
        finish()
    else:
        behind.do(finish)


def flush_and_close(file: IO[bytes]) -> None:
    """Flush a file that is written without a buffer to the disk, and close it; see `flushed_behind`."""
    finish_behind(functools.partial(_flush_and_close, file))


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

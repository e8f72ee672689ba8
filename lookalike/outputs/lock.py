"""The lock that lets one run at a time write to an output folder."""

import fcntl
import json
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lookalike.errors import OutputLockedError
from lookalike.outputs.layout import LOCK

_POLL = 0.5  # seconds between tries to take a lock that another process holds


class OutputLock:
    """An exclusive lock on an output folder; use as a context manager.

    It is the operating system's lock on an open file, so it ends with its process, however the process ends: a file
    that is left over blocks no other run. Child processes do not inherit the lock. The content of the file is for
    people: it says which process holds the lock.
    """

    def __init__(self, output: Path) -> None:
        """Name the folder; `acquire` or the context takes the lock."""
        self._path = output / LOCK
        self._descriptor: int | None = None

    def acquire(self, wait: float = 0) -> None:
        """Take the lock; the folder must exist. Raises OutputLockedError if another holds it for `wait` seconds."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        deadline = time.monotonic() + wait
        try:
            while not _try_lock(descriptor):
                if time.monotonic() >= deadline:
                    holder = _describe(os.pread(descriptor, 4096, 0))
                    raise OutputLockedError(f"another run holds the output {self._path.parent}: {holder}")
                time.sleep(min(_POLL, max(0.0, deadline - time.monotonic())))
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        start = datetime.now(UTC).isoformat(timespec="seconds")
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "start": start})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{text}\n".encode(), 0)

    def release(self) -> None:
        """Release the lock; nothing happens if it is not held."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing alone waits for a child that is just starting
            os.close(descriptor)

    def __enter__(self) -> Self:
        """Take the lock."""
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the lock."""
        self.release()


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _describe(text: bytes) -> str:
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} on {holder['host']}, since {holder['start']}"
    except (ValueError, KeyError, TypeError):  # the holder has opened the file and not written it yet
        return "holder unknown"

"""The lock that lets one run at a time write to an output, and its form for a folder."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from lookalike.errors import OutputLockedError
from lookalike.outputs.layout import LOCK


class Lock(ABC):
    """Use as a context manager, or `acquire` and `release`.

    A lock has a content for people: which process holds it, see `holder`.
    """

    poll: ClassVar[float]  # seconds between tries to take a lock that another process holds

    def __init__(self, output: object) -> None:
        """output: what the messages call it."""
        self._output = output

    def acquire(self, wait: float = 0) -> None:
        """Take the lock. Raises OutputLockedError if another run holds it for `wait` seconds."""
        deadline = time.monotonic() + wait
        while (holder := self._try_to_take()) is not None:
            if time.monotonic() >= deadline:
                raise OutputLockedError(f"another run holds the output {self._output}: {holder}")
            time.sleep(min(self.poll, max(0.0, deadline - time.monotonic())))

    @abstractmethod
    def release(self) -> None:
        """Release the lock; nothing happens if it is not held."""

    def __enter__(self) -> Self:
        """Take the lock."""
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the lock."""
        self.release()

    @abstractmethod
    def _try_to_take(self) -> str | None:
        """Who holds the lock, see `describe`; None once this process does."""


class OutputLock(Lock):
    """An exclusive lock on an output folder, which must exist.

    It is the operating system's lock on an open file, so it ends with its process, however the process ends: a file
    that is left over blocks no other run. Child processes do not inherit the lock.
    """

    poll = 0.5

    def __init__(self, output: Path) -> None:
        """Name the folder; `acquire` or the context takes the lock."""
        super().__init__(output)
        self._path = output / LOCK
        self._descriptor: int | None = None

    def release(self) -> None:
        """See Lock."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing alone waits for a child that is just starting
            os.close(descriptor)

    def _try_to_take(self) -> str | None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{json.dumps(this_process())}\n".encode(), 0)
        except BlockingIOError:
            holder = describe(parse(os.pread(descriptor, 4096, 0)))
            os.close(descriptor)
            return holder
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return None


def this_process() -> dict[str, Any]:
    """What a lock says of its holder: pid, host and, as the start, now."""
    start = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "start": start}


def parse(content: bytes) -> dict[str, Any]:
    """The content of a lock; empty if it says nothing, because its holder has not written it yet or it is damaged."""
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def describe(record: dict[str, Any]) -> str:
    """The holder, for a message. Anyone may have written the record, so its parts are cut short."""
    if not {"pid", "host", "start"} <= record.keys():
        return "holder unknown"
    pid, host, start = (str(record[name])[:80] for name in ("pid", "host", "start"))
    return f"process {pid} on {host}, since {start}"

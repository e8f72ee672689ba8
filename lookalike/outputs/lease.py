"""The lock of an output in an object store: an object that its holder renews, or else others take over.

Stores know no locks, but a conditional put that one of any number of writers wins. The object says who holds the
output; only its state decides. A holder that has not renewed it for a lease is dead, by the store's own times, so
that no machine's clock matters. It is never removed, for that could not be conditional; who lets go writes so.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from lookalike.errors import OutputLockedError, StoreError
from lookalike.outputs.layout import LOCK
from lookalike.outputs.objects import ConflictError, MissingObjectError, ObjectStore, Tag

LEASE: Final = 60.0  # seconds
RENEWAL: Final = 10.0  # seconds between two renewals
_POLL: Final = 1.0  # seconds between looks at a lock that another holds
_MOST: Final = 4096  # bytes of the object


class Lease:
    """Use as a context manager, or `acquire` and `release`. lease, renewal: seconds."""

    def __init__(self, store: ObjectStore, *, lease: float = LEASE, renewal: float = RENEWAL) -> None:
        """Nothing is asked of the store yet."""
        self._store, self._lease, self._renewal = store, lease, renewal
        self._token = secrets.token_hex(16)
        self._start = datetime.now(UTC).isoformat(timespec="seconds")
        self._count = 0
        self._tag: Tag | None = None
        self._taken = ""  # by whom, if another has it
        self._writing = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self, wait: float = 0) -> None:
        """Take the lock, or raise OutputLockedError if another holds it for `wait` seconds."""
        self._tag, self._taken = None, ""
        deadline = time.monotonic() + wait
        while (holder := self._try_to_take()) is not None:
            if time.monotonic() >= deadline:
                raise OutputLockedError(f"another run holds the output {self._store.url}: {holder}")
            time.sleep(min(_POLL, max(0.0, deadline - time.monotonic())))
        self._ending.clear()
        self._thread = threading.Thread(target=self._keep_renewing, name="lease", daemon=True)
        self._thread.start()

    def confirm(self) -> None:
        """Renew now. Raises OutputLockedError if another has the lock, StoreError if that cannot be known."""
        self._renew()

    def check(self) -> None:
        """Raise OutputLockedError if a renewal has found that another has the lock."""
        if self._taken:
            raise OutputLockedError(self._taken)

    def release(self) -> None:
        """Let go, unless another has the lock; a store that fails meanwhile costs the next run a lease."""
        if self._thread is None:
            return
        self._ending.set()
        self._thread.join()
        self._thread = None
        with self._writing, contextlib.suppress(StoreError):
            if self._tag is not None and not self._taken:
                self._store.put_if(LOCK, self._record(released=True), self._tag)
        self._tag = None

    def __enter__(self) -> Self:
        """Take the lock."""
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go."""
        self.release()

    def _try_to_take(self) -> str | None:
        """Who holds the lock; None once this process does."""
        try:
            data, seen = self._store.get(LOCK, _MOST)
        except MissingObjectError:
            return None if self._took(None) else "holder unknown"
        record = _parse(data)
        if (record.get("released") is True or self._is_dead(record)) and self._took(seen):
            return None
        return _describe(record)

    def _took(self, seen: Tag | None) -> bool:
        self._count += 1
        try:
            self._tag = self._store.put_if(LOCK, self._record(), seen)
        except ConflictError:
            return self._wrote_it(self._now_there())
        return True

    def _now_there(self) -> dict[str, Any]:
        """What stands in the lock; if it is this process's own, its state is noted."""
        try:
            data, seen = self._store.get(LOCK, _MOST)
        except MissingObjectError:
            return {}
        record = _parse(data)
        if self._wrote_it(record):
            self._tag = seen
        return record

    def _wrote_it(self, record: dict[str, Any]) -> bool:
        """Whether a put has succeeded after all: it is tried again, and in its own way, when its answer is lost."""
        return record.get("token") == self._token and record.get("renewal") == self._count

    def _is_dead(self, record: dict[str, Any]) -> bool:
        """Whether the lock was last renewed longer ago than its holder's lease."""
        probe = f"{LOCK}-clock-{secrets.token_hex(8)}"
        try:
            self._store.put(probe, b"")
            age = (self._store.changed(probe) - self._store.changed(LOCK)).total_seconds()
        finally:
            self._store.delete([probe])
        lease = record.get("lease")
        return age > (min(lease, 3600) if isinstance(lease, int | float) and lease > 0 else self._lease)

    def _keep_renewing(self) -> None:
        while not self._ending.wait(self._renewal):
            try:
                self._renew()
            except OutputLockedError:
                return  # which `confirm` tells
            except Exception:  # the next try may succeed, and `confirm` tells
                continue

    def _renew(self) -> None:
        with self._writing:
            self.check()
            self._count += 1
            try:
                self._tag = self._store.put_if(LOCK, self._record(), self._tag)
            except ConflictError:
                record = self._now_there()
                if not self._wrote_it(record):
                    told = (
                        f"the output {self._store.url} was taken by another run, for this one did not renew its lock"
                    )
                    self._taken = f"{told}: {_describe(record)}"
                    raise OutputLockedError(self._taken) from None

    def _record(self, *, released: bool = False) -> bytes:
        """Never the same bytes twice: a store's tag may be no more than their checksum."""
        record = {"pid": os.getpid(), "host": socket.gethostname(), "start": self._start}
        record |= {"token": self._token, "renewal": self._count, "lease": self._lease, "released": released}
        return (json.dumps(record) + "\n").encode()


def _parse(data: bytes) -> dict[str, Any]:
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _describe(record: dict[str, Any]) -> str:
    pid, host, start = (str(record.get(name, "?"))[:80] for name in ("pid", "host", "start"))
    return f"process {pid} on {host}, since {start}" if "pid" in record else "holder unknown"

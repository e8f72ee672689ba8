"""The lock of an output in an object store: an object that its holder keeps renewing. If it stops, others take over.

Stores have no locks, but they have a conditional put, in which one of several writers succeeds. The object says who
holds the output. A holder that has not renewed it for the length of its lease counts as dead; that is measured by the
store's own times, so that no machine's clock matters. The object is never removed, because a removal could not be
conditional; a holder that releases the lock writes that into it.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from typing import Any, Final

from lookalike.errors import OutputLockedError, StoreError
from lookalike.outputs.layout import LOCK
from lookalike.outputs.lock import Lock, describe, parse, this_process
from lookalike.outputs.objects import ConflictError, MissingObjectError, ObjectStore, Tag

LEASE: Final = 60.0  # seconds
RENEWAL: Final = 10.0  # seconds between two renewals
_MOST: Final = 4096  # bytes of the object


class Lease(Lock):
    """A thread of the holder renews the lock. lease, renewal: seconds."""

    poll = 1.0

    def __init__(self, store: ObjectStore, *, lease: float = LEASE, renewal: float = RENEWAL) -> None:
        """Nothing is asked of the store yet."""
        super().__init__(store.url)
        self._store, self._lease, self._renewal = store, lease, renewal
        self._token = secrets.token_hex(16)
        self._process = this_process()
        self._count = 0
        self._tag: Tag | None = None
        self._taken = ""  # the message, if another process has taken the lock over
        self._writing = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self, wait: float = 0) -> None:
        """See Lock."""
        self._tag, self._taken = None, ""
        super().acquire(wait)
        self._ending.clear()
        self._thread = threading.Thread(target=self._keep_renewing, name="lease", daemon=True)
        self._thread.start()

    def confirm(self) -> None:
        """Renew now. Raises OutputLockedError if another run has the lock, StoreError if that cannot be known."""
        self._renew()

    def check(self) -> None:
        """Raise OutputLockedError if an earlier renewal found that another run has the lock."""
        if self._taken:
            raise OutputLockedError(self._taken)

    def release(self) -> None:
        """See Lock; does nothing if another run has taken the lock. If the store fails, the lease has to run out."""
        if self._thread is None:
            return
        self._ending.set()
        self._thread.join()
        self._thread = None
        with self._writing, contextlib.suppress(StoreError):
            if self._tag is not None and not self._taken:
                self._store.put_if(LOCK, self._record(released=True), self._tag)
        self._tag = None

    def _try_to_take(self) -> str | None:
        try:
            data, seen = self._store.get(LOCK, _MOST)
        except MissingObjectError:
            return None if self._took(None) else "holder unknown"
        record = parse(data)
        if (record.get("released") is True or self._is_dead(record)) and self._took(seen):
            return None
        return describe(record)

    def _took(self, seen: Tag | None) -> bool:
        self._count += 1
        try:
            self._tag = self._store.put_if(LOCK, self._record(), seen)
        except ConflictError:
            return self._wrote_it(self._now_there())
        return True

    def _now_there(self) -> dict[str, Any]:
        """The content of the lock; if this process wrote it, its state is remembered."""
        try:
            data, seen = self._store.get(LOCK, _MOST)
        except MissingObjectError:
            return {}
        record = parse(data)
        if self._wrote_it(record):
            self._tag = seen
        return record

    def _wrote_it(self, record: dict[str, Any]) -> bool:
        """Whether a put has succeeded after all: when its answer is lost it is retried, and conflicts with itself."""
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
                return  # `confirm` will raise it again
            except Exception:  # the next try may succeed; `confirm` raises what lasts
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
                    self._taken = (
                        f"the output {self._store.url} was taken by another run because this one did not renew its "
                        f"lock: {describe(record)}"
                    )
                    raise OutputLockedError(self._taken) from None

    def _record(self, *, released: bool = False) -> bytes:
        """Never the same bytes twice, because a store's tag may be just their checksum."""
        record = self._process | {"token": self._token, "renewal": self._count}
        record |= {"lease": self._lease, "released": released}
        return (json.dumps(record) + "\n").encode()

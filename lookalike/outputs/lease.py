"""The lock of an output in an object store: an object that its holder keeps renewing.

Stores have no locks, but they have a conditional put, in which one of several writers succeeds. The object says who
holds the output. Whether the holder is dead is measured by the store's own times, so that no machine's clock matters.
The object is never removed, because a removal could not be conditional; a holder that releases the lock writes that
into it.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import Any, Final

from lookalike.errors import ConflictError, MissingObjectError, StoreError
from lookalike.outputs.layout import LOCK
from lookalike.outputs.lock import describe, parse, this_process
from lookalike.outputs.objects import ObjectStore
from lookalike.outputs.renewedlock import LEASE, RENEWAL, RenewedLock
from lookalike.outputs.store import Tag

_MOST: Final = 4096  # bytes of the object


class Lease(RenewedLock):
    """See RenewedLock."""

    def __init__(self, store: ObjectStore, *, lease: float = LEASE, renewal: float = RENEWAL) -> None:
        """Nothing is asked of the store yet."""
        super().__init__(store.url, lease=lease, renewal=renewal)
        self._store = store
        self._token = secrets.token_hex(16)
        self._process = this_process()
        self._count = 0
        self._tag: Tag | None = None

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

    def _lost_to(self) -> str | None:
        self._count += 1
        try:
            self._tag = self._store.put_if(LOCK, self._record(), self._tag)
        except ConflictError:
            record = self._now_there()
            return None if self._wrote_it(record) else describe(record)
        return None

    def _give_back(self) -> None:
        with contextlib.suppress(StoreError):
            if self._tag is not None:
                self._store.put_if(LOCK, self._record(released=True), self._tag)
        self._tag = None

    def _record(self, *, released: bool = False) -> bytes:
        """Never the same bytes twice, because a store's tag may be just their checksum."""
        record = self._process | {"token": self._token, "renewal": self._count}
        record |= {"lease": self._lease, "released": released}
        return (json.dumps(record) + "\n").encode()

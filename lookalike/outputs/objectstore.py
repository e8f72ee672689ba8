"""An output in an object store: conditional puts lock it and switch it."""

from __future__ import annotations

from typing import Final

from lookalike.errors import ConflictError, MissingObjectError, StoreError
from lookalike.outputs.layout import CURRENT, RUNS
from lookalike.outputs.lease import Lease
from lookalike.outputs.objects import ObjectStore
from lookalike.outputs.renewedlock import RenewedLock
from lookalike.outputs.store import Tag
from lookalike.outputs.storedoutput import StoredOutput

_RUNS_BYTES: Final = 64 << 20  # some sixty thousand runs
_RUN_TRIES: Final = 10


class ObjectOutput(StoredOutput):
    """See StoredOutput."""

    store: ObjectStore

    def append_run(self, line: str) -> None:
        """See Output. No store can append, so the object is replaced, and again if another process did so first."""
        for _ in range(_RUN_TRIES):
            seen: Tag | None = None
            try:
                before, seen = self.store.get(RUNS, _RUNS_BYTES)
            except MissingObjectError:
                before = b""
            added = f"{line}\n".encode()
            if before.endswith(added):  # by a put whose answer was lost
                return
            try:
                self.store.put_if(RUNS, before + added, seen)
            except ConflictError:
                continue
            return
        raise StoreError(f"{self.name(RUNS)}: other processes keep writing to it")

    def _new_lock(self) -> RenewedLock:
        return Lease(self.store)

    def _replace_current(self, content: bytes, seen: Tag | None) -> Tag | None:
        return self.store.put_if(CURRENT, content, seen)

"""The record of runs in an object store: nothing can be appended there, so it is replaced, if nobody else did."""

from __future__ import annotations

from typing import Final

from lookalike.errors import StoreError
from lookalike.outputs.layout import RUNS
from lookalike.outputs.stores.objects import BRISK, ConflictError, MissingObjectError, ObjectStore, Tag
from lookalike.outputs.stores.urls import StoreUrl

_TRIES: Final = 10
_MOST: Final = 64 << 20  # bytes, which is some sixty thousand runs


def append(url: StoreUrl, line: str) -> None:
    """Add a line, whoever else does at the same time. Raises StoreError."""
    store = ObjectStore(url, BRISK)
    for _ in range(_TRIES):
        seen: Tag | None = None
        try:
            before, seen = store.get(RUNS, _MOST)
        except MissingObjectError:
            before = b""
        added = f"{line}\n".encode()
        if before.endswith(added):  # by a put whose answer was lost
            return
        try:
            store.put_if(RUNS, before + added, seen)
        except ConflictError:
            continue
        return
    raise StoreError(f"{store.name(RUNS)}: is written to by others all the time")

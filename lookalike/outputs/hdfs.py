"""An output in HDFS: renames lock it and switch it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from lookalike.errors import StoreError
from lookalike.outputs.hdfslock import HdfsLock
from lookalike.outputs.hdfsstore import HdfsStore
from lookalike.outputs.layout import CURRENT, LOCK, RUNS
from lookalike.outputs.renewedlock import RenewedLock
from lookalike.outputs.store import Tag
from lookalike.outputs.storedoutput import StoredOutput

_RUN_TRIES: Final = 10


class HdfsOutput(StoredOutput):
    """See StoredOutput."""

    store: HdfsStore
    _own_lock: HdfsLock | None = None

    @contextlib.contextmanager
    def locked(self, wait: float = 0) -> Iterator[None]:
        """See Output."""
        with super().locked(wait):
            files = self.store.files
            for one in files.children(self.store.path("")):
                if one.name.startswith((f"{LOCK}-", f".{CURRENT}.")):  # of processes that died
                    files.delete(self.store.path(one.name), all_below=True)
            yield

    def append_run(self, line: str) -> None:
        """See Output."""
        files, path, added = self.store.files, self.store.path(RUNS), f"{line}\n".encode()
        for _ in range(_RUN_TRIES):  # another process may make or remove the file
            if files.append(path, added) or files.create(path, added, over=False):
                return
        raise StoreError(f"{self.name(RUNS)}: cannot be written to")

    def _new_lock(self) -> RenewedLock:
        self._own_lock = HdfsLock(self.store)
        return self._own_lock

    def _replace_current(self, content: bytes, seen: Tag | None) -> Tag | None:
        if self._own_lock is None:
            raise RuntimeError("the output is not locked")
        self._own_lock.put_current(content)
        return seen

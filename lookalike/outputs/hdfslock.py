"""The lock of an output in HDFS: the name of a folder, which its holder keeps changing.

Of several that rename one folder at the same time one succeeds. So the folder `.lock` has one folder in it, `free` or
named after its holder and the number of renewals; to take, renew and release the lock is to rename it. When that was
done last is the time of `.lock`, by the name node's clock, so that no machine's clock matters.

The next CURRENT goes through this folder on its way to its name. So a holder that has lost the lock cannot switch,
not even if it was asleep between its last look at the lock and the switch.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from datetime import UTC, datetime
from typing import Final

from lookalike.errors import ConflictError, StoreError
from lookalike.outputs.hdfsstore import HdfsStore
from lookalike.outputs.layout import CURRENT, LOCK
from lookalike.outputs.lock import describe, this_process
from lookalike.outputs.renewedlock import LEASE, RENEWAL, RenewedLock

_FREE: Final = "free"
_HOLDER: Final = re.compile(r"(?P<host>[^_]*)_(?P<pid>[0-9]+)_(?P<start>[0-9TZ]+)_[0-9a-f]+_[0-9]+")
_START: Final = "%Y%m%dT%H%M%SZ"


class HdfsLock(RenewedLock):
    """See RenewedLock."""

    def __init__(self, store: HdfsStore, *, lease: float = LEASE, renewal: float = RENEWAL) -> None:
        """Nothing is asked yet."""
        super().__init__(store.url, lease=lease, renewal=renewal)
        self._store, self._files = store, store.files
        self._token = secrets.token_hex(16)
        process = this_process()
        host = re.sub(r"[^A-Za-z0-9.-]", "-", process["host"])
        self._name = f"{host}_{process['pid']}_{datetime.now(UTC):{_START}}_{self._token}"
        self._count = 0

    def put_current(self, content: bytes) -> None:
        """Replace CURRENT. Raises ConflictError if another process has the lock, or an answer was lost."""
        new = self._store.path(f".{CURRENT}.{self._token}.tmp")
        self._files.create(new, content)
        with self._writing:
            inside = self._path(f"{self._mine()}/{CURRENT}")
            moved = self._files.rename(new, inside, over=True) or self._files.status(inside) is not None
            if not moved or not self._files.rename(inside, self._store.path(CURRENT), over=True):
                raise ConflictError(f"{self._store.name(CURRENT)}: was not replaced")

    def _try_to_take(self) -> str | None:
        seen = self._there()
        if seen is None:
            return None if self._made() else "holder unknown"
        if (seen == _FREE or self._is_dead()) and self._renamed(seen, self._mine()):
            return None
        return _described(seen)

    def _lost_to(self) -> str | None:
        before = self._mine()
        self._count += 1
        if self._renamed(before, self._mine()):
            return None
        self._count -= 1
        return _described(self._there() or "")

    def _give_back(self) -> None:
        with contextlib.suppress(StoreError):
            self._files.rename(self._path(self._mine()), self._path(_FREE))

    def _mine(self) -> str:
        return f"{self._name}_{self._count}"

    def _made(self) -> bool:
        """Whether there was no lock, and now it is this process's."""
        made = self._store.path(f"{LOCK}-{self._token}")
        self._files.make_folder(f"{made}/{self._mine()}")
        self._files.delete(self._store.path(LOCK))  # if it is empty, which only people can have done
        if self._files.rename(made, self._store.path(LOCK)) or self._there() == self._mine():
            return True
        self._files.delete(made, all_below=True)
        return False

    def _renamed(self, seen: str, name: str) -> bool:
        """Whether the lock had one name and has the other now."""
        return self._files.rename(self._path(seen), self._path(name)) or self._there() == name

    def _there(self) -> str | None:
        """The name of the folder in the lock; None if there is none."""
        return min((one.name for one in self._files.children(self._store.path(LOCK))), default=None)

    def _is_dead(self) -> bool:
        """Whether the lock was last renewed longer ago than a lease."""
        probe = self._store.path(f"{LOCK}-{self._token}")
        try:
            self._files.make_folder(probe)
            now, then = self._files.status(probe), self._files.status(self._store.path(LOCK))
        finally:
            self._files.delete(probe, all_below=True)
        return now is not None and then is not None and now.changed - then.changed > 1000 * self._lease

    def _path(self, name: str) -> str:
        return self._store.path(f"{LOCK}/{name}")


def _described(name: str) -> str:
    found = _HOLDER.fullmatch(name)
    if found is None:
        return describe({})
    start = datetime.strptime(found["start"], _START).replace(tzinfo=UTC)
    return describe({"pid": found["pid"], "host": found["host"], "start": start.isoformat()})

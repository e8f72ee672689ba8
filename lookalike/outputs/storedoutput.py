"""An output in a store of objects: all but the lock and the switch, which each kind of store has its own way for.

Objects have the names below the URL that files have in a folder (lookalike.outputs.layout). In a snapshot's folder
there are two more, without content: `live`, whose time says until when its snapshot was live, written when that
begins and when it ends; and `pinned`.

The objects of all snapshots are listed once, when that is first needed, and again after the lock was taken and after
each change.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from typing import Any, ClassVar, Final

import pyarrow.parquet as pq

from lookalike.errors import (
    ConflictError,
    MissingObjectError,
    OutputLockedError,
    SnapshotError,
    StoreError,
    UnknownSwitchError,
)
from lookalike.outputs.blockcache import BlockCache
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output, StoredFile, check_bytes, check_checksum
from lookalike.outputs.layout import CURRENT, MANIFEST, SNAPSHOTS, UNCHECKED, is_snapshot_id, snapshot_folder
from lookalike.outputs.newfile import NewFile
from lookalike.outputs.pointer import Pointer
from lookalike.outputs.remoteparquet import RemoteParquet
from lookalike.outputs.renewedlock import RenewedLock
from lookalike.outputs.store import Found, Store, Tag
from lookalike.outputs.upload import UploadedFile
from lookalike.outputs.wholefiles import WholeFiles

SMALL_CACHE_BYTES: Final = 64 << 20

_LIVE, _PINNED = "live", "pinned"
_MANIFEST_BYTES: Final = 1 << 30
_CURRENT_BYTES: Final = 1 << 10


class StoredOutput(Output):
    """See Output. Raises StoreError."""

    compares_checksums: ClassVar[bool] = True

    def __init__(self, store: Store, *, block_cache_bytes: int = SMALL_CACHE_BYTES, whole: bool = False) -> None:
        """Nothing is asked of the store yet. whole: fetch whole files and compare their checksums, see WholeFiles."""
        self.store = store
        self._blocks = BlockCache(store.ranges, block_cache_bytes)
        self._wholes = WholeFiles(self) if whole else None
        self._listed: dict[str, Found] | None = None
        self._lock: RenewedLock | None = None
        self._seen: Tag | None = None  # state of CURRENT when the lock was taken

    @abstractmethod
    def _new_lock(self) -> RenewedLock:
        """A lock of the output; nothing is asked of the store yet."""

    @abstractmethod
    def _replace_current(self, content: bytes, seen: Tag | None) -> Tag | None:
        """Replace CURRENT if it is in the state seen, the lock being held. Returns its new state.

        Raises ConflictError if it is not. After another error, or if an answer was lost, it may have been replaced.
        """

    def __str__(self) -> str:
        """The URL."""
        return str(self.store.url)

    def current_bytes(self) -> bytes | None:
        """See Output."""
        return self._current()[0]

    def manifest(self, snapshot: str) -> bytes:
        """See Output."""
        return self.store.get(_key(snapshot, MANIFEST), _MANIFEST_BYTES)[0]

    def open_file(
        self,
        entry: FileEntry,
        footer: pq.FileMetaData | None = None,
        groups: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
        *,
        encoded: bool = False,
    ) -> contextlib.AbstractContextManager[Any]:
        """See Output."""
        if self._wholes is not None:
            return self._wholes.open(entry, footer, columns if encoded else None)
        return RemoteParquet(self, entry, footer, self.store, self._blocks, groups, columns)

    def check_size(self, entry: FileEntry) -> None:
        """See Output; by the listing that was made before, if any."""
        self._compare(entry, self._listing())

    def check_sizes(self, entries: Sequence[FileEntry]) -> None:
        """See Output; lists the folders of the snapshots that have files among them."""
        found: dict[str, Found] = {}
        for snapshot in sorted({entry.snapshot for entry in entries}):
            found |= {one.key: one for one in self.store.list(snapshot_folder(snapshot))}
        for entry in entries:
            self._compare(entry, found)

    def check_file(self, entry: FileEntry) -> None:
        """See Output."""
        if self._wholes is not None and entry in self._wholes:
            return
        size, checksum = self.store.checksum(entry.path, entry.checksum)
        check_bytes(self, entry, size)
        check_checksum(self, entry, checksum)

    def create(self, path: str) -> NewFile:
        """See Output."""
        return UploadedFile(self.store, path)

    def make_ready(self) -> None:
        """See Output. There is nothing to make: a wrong address or wrong credentials fail here."""
        self.current_bytes()

    def add_unchecked(self, snapshot: str, manifest: bytes, files: Collection[str]) -> None:
        """See Output."""
        self._listed = None
        self._remove([file.path for file in self.files(snapshot) if file.path not in files])
        self.store.put(_key(snapshot, UNCHECKED), manifest)

    def unchecked_manifest(self, snapshot: str) -> bytes:
        """See Output."""
        return self.store.get(_key(snapshot, UNCHECKED), _MANIFEST_BYTES)[0]

    def add_manifest(self, snapshot: str) -> None:
        """See Output."""
        self.store.put(_key(snapshot, MANIFEST), self.unchecked_manifest(snapshot))
        self._remove([_key(snapshot, UNCHECKED)])

    def abandon(self, snapshot: str) -> None:
        """See Output."""
        with contextlib.suppress(StoreError):
            self.remove_manifests([snapshot])
            self.remove_files(snapshot, self.files(snapshot))

    def snapshots(self) -> list[str]:
        """See Output."""
        ids = {key.split("/")[1] for key in self._listing() if key.count("/") > 1}
        return sorted(filter(is_snapshot_id, ids), reverse=True)

    def published(self) -> list[str]:
        """See Output."""
        listed = self._listing()
        return [one for one in self.snapshots() if _key(one, MANIFEST) in listed]

    def files(self, snapshot: str) -> list[StoredFile]:
        """See Output."""
        folder = _key(snapshot, "")
        return [StoredFile(key, one.bytes) for key, one in self._listing().items() if key.startswith(folder)]

    def is_pinned(self, snapshot: str) -> bool:
        """See Output."""
        return _key(snapshot, _PINNED) in self._listing()

    def set_pinned(self, snapshot: str, pinned: bool) -> None:
        """See Output."""
        key = _key(snapshot, _PINNED)
        if pinned:
            self.store.put(key, b"")
        else:
            self.store.delete([key])
        self._listed = None

    def mark_live(self, snapshot: str) -> None:
        """See Output."""
        self.store.put(_key(snapshot, _LIVE), b"")
        self._listed = None

    def marked_live(self, snapshot: str) -> float:
        """See Output."""
        found = self._listing().get(_key(snapshot, _LIVE))
        return found.changed.timestamp() if found else 0.0

    def switched(self) -> float:
        """See Output."""
        return self.store.changed(CURRENT).timestamp()

    @contextlib.contextmanager
    def locked(self, wait: float = 0) -> Iterator[None]:
        """See Output. A thread renews the lock meanwhile; see `confirm_lock`."""
        lock = self._new_lock()
        lock.acquire(wait)
        self._lock = lock
        try:
            self._listed = None
            self._seen = self._current()[1]
            yield
        finally:
            self._lock = None
            lock.release()

    def confirm_lock(self) -> None:
        """See Output; asks the store."""
        self._held_lock().confirm()

    def switch(self, snapshot: str) -> None:
        """Replace CURRENT if nobody has written it since the lock was taken, and the lock is still held.

        Raises OutputLockedError if not, and UnknownSwitchError if the store does not say.
        """
        content = Pointer.to(snapshot, self.manifest(snapshot)).line()
        self.confirm_lock()
        try:
            self._seen = self._replace_current(content, self._seen)
        except StoreError as error:
            with contextlib.suppress(StoreError):
                if self.current_bytes() == content:  # the answer to a first try was lost
                    return
                if isinstance(error, ConflictError):
                    raise OutputLockedError(f"{self}: another run has switched CURRENT in the meantime") from None
            raise UnknownSwitchError(f"{error}; {snapshot} may or may not be live") from None

    def remove_manifests(self, snapshots: Sequence[str]) -> None:
        """See Output."""
        self._remove([_key(snapshot, MANIFEST) for snapshot in snapshots])

    def remove_files(self, snapshot: str, files: Sequence[StoredFile]) -> None:  # noqa: ARG002  # there are no folders
        """See Output."""
        self._remove([file.path for file in files])

    def _held_lock(self) -> RenewedLock:
        if self._lock is None:
            raise RuntimeError("the output is not locked")
        return self._lock

    def _current(self) -> tuple[bytes | None, Tag | None]:
        try:
            return self.store.get(CURRENT, _CURRENT_BYTES)
        except MissingObjectError:
            return None, None

    def _listing(self) -> dict[str, Found]:
        if self._listed is None:
            self._listed = {one.key: one for one in self.store.list(SNAPSHOTS)}
        return self._listed

    def _remove(self, keys: list[str]) -> None:
        self.store.delete(keys)
        self._listed = None

    def _compare(self, entry: FileEntry, listed: dict[str, Found]) -> None:
        found = listed.get(entry.path)
        if found is None:
            raise SnapshotError(f"{self.name(entry.path)}: cannot be read: there is no such object")
        check_bytes(self, entry, found.bytes)


def _key(snapshot: str, name: str) -> str:
    """The key of an object in a snapshot's folder."""
    return f"{snapshot_folder(snapshot)}/{name}"

"""An output in an object store.

Objects have the names below the URL that files have in a folder (lookalike.outputs.layout). In a snapshot's folder
there are two more, without content: `live`, whose time says until when its snapshot was live, written when that
begins and when it ends; and `pinned`.

The objects of all snapshots are listed once, when that is first needed, and again after the lock was taken and after
each change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

import pyarrow.parquet as pq

from lookalike.errors import OutputLockedError, SnapshotError, StoreError
from lookalike.outputs.blockcache import BlockCache
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output, StoredFile, check_bytes
from lookalike.outputs.layout import CURRENT, MANIFEST, RUNS, SNAPSHOTS, is_snapshot_id, snapshot_folder
from lookalike.outputs.lease import Lease
from lookalike.outputs.objects import (
    PATIENT,
    ConflictError,
    Found,
    MissingObjectError,
    ObjectStore,
    Patience,
    Tag,
)
from lookalike.outputs.pointer import Pointer
from lookalike.outputs.remoteparquet import RemoteParquet
from lookalike.outputs.urls import StoreUrl

SMALL_CACHE_BYTES: Final = 64 << 20

_LIVE, _PINNED = "live", "pinned"
_MANIFEST_BYTES: Final = 1 << 30
_CURRENT_BYTES: Final = 1 << 10
_RUNS_BYTES: Final = 64 << 20  # some sixty thousand runs
_RUN_TRIES: Final = 10


class ObjectOutput(Output):
    """See Output. Raises StoreError."""

    compares_checksums: ClassVar[bool] = True

    def __init__(
        self, url: StoreUrl, *, patience: Patience = PATIENT, block_cache_bytes: int = SMALL_CACHE_BYTES
    ) -> None:
        """Nothing is asked of the store yet."""
        self.url = url
        self.store = ObjectStore(url, patience)
        self._blocks = BlockCache(self.store.ranges, block_cache_bytes)
        self._listed: dict[str, Found] | None = None
        self._lease: Lease | None = None
        self._seen: Tag | None = None  # state of CURRENT when the lock was taken

    def __str__(self) -> str:
        """The URL."""
        return str(self.url)

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
        encoded: bool = False,  # noqa: ARG002  # the request takes the time, not the decoding
    ) -> contextlib.AbstractContextManager[Any]:
        """See Output."""
        return RemoteParquet(self, entry, footer, self.store, self._blocks, groups, columns)

    def check_size(self, entry: FileEntry) -> None:
        """See Output; by the listing that was made before, if any."""
        self._compare(entry, self._objects())

    def check_sizes(self, entries: Sequence[FileEntry]) -> None:
        """See Output; lists the folders of the snapshots that have files among them."""
        found: dict[str, Found] = {}
        for snapshot in sorted({entry.snapshot for entry in entries}):
            found |= {one.key: one for one in self.store.list(snapshot_folder(snapshot))}
        for entry in entries:
            self._compare(entry, found)

    def check_file(self, entry: FileEntry) -> None:
        """See Output."""
        size, checksum = self.store.checksum(entry.path, entry.checksum)
        check_bytes(self, entry, size)
        if checksum != entry.checksum:
            raise SnapshotError(f"{self.name(entry.path)}: its checksum is not the manifest's")

    def snapshots(self) -> list[str]:
        """See Output."""
        ids = {key.split("/")[1] for key in self._objects() if key.count("/") > 1}
        return sorted(filter(is_snapshot_id, ids), reverse=True)

    def published(self) -> list[str]:
        """See Output."""
        listed = self._objects()
        return [one for one in self.snapshots() if _key(one, MANIFEST) in listed]

    def files(self, snapshot: str) -> list[StoredFile]:
        """See Output."""
        folder = _key(snapshot, "")
        return [StoredFile(key, one.bytes) for key, one in self._objects().items() if key.startswith(folder)]

    def is_pinned(self, snapshot: str) -> bool:
        """See Output."""
        return _key(snapshot, _PINNED) in self._objects()

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
        found = self._objects().get(_key(snapshot, _LIVE))
        return found.changed.timestamp() if found else 0.0

    def switched(self) -> float:
        """See Output."""
        return self.store.changed(CURRENT).timestamp()

    @contextlib.contextmanager
    def locked(self, wait: float = 0) -> Iterator[None]:
        """See Output. A thread renews the lock meanwhile; see `confirm_lock`."""
        lease = Lease(self.store)
        lease.acquire(wait)
        self._lease = lease
        try:
            self._listed = None
            self._seen = self._current()[1]
            yield
        finally:
            self._lease = None
            lease.release()

    def confirm_lock(self) -> None:
        """See Output; asks the store."""
        if self._lease is None:
            raise RuntimeError("the output is not locked")
        self._lease.confirm()

    def check_lock(self) -> None:
        """Raise OutputLockedError if a renewal has found that the lock is lost; asks nothing."""
        if self._lease is not None:
            self._lease.check()

    def switch(self, snapshot: str) -> None:
        """Replace CURRENT if nobody has written it since the lock was taken, and the lock is still held.

        Raises OutputLockedError if not: nothing has changed then. After any other error it may have.
        """
        content = Pointer.to(snapshot, self.manifest(snapshot)).line()
        self.confirm_lock()
        try:
            self._seen = self.store.put_if(CURRENT, content, self._seen)
        except ConflictError:  # or the answer to the first of several tries was lost
            if self.current_bytes() != content:
                raise OutputLockedError(f"{self.url}: another run has switched CURRENT in the meantime") from None
        except StoreError as error:
            if self.current_bytes() != content:
                raise StoreError(f"{error}; {snapshot} may or may not be live") from None

    def add_manifest(self, snapshot: str, manifest: bytes) -> None:
        """Write the manifest of a snapshot whose files have all been uploaded."""
        self.store.put(_key(snapshot, MANIFEST), manifest)
        self._listed = None

    def remove_manifests(self, snapshots: Sequence[str]) -> None:
        """See Output."""
        self._remove([_key(snapshot, MANIFEST) for snapshot in snapshots])

    def remove_files(self, snapshot: str, files: Sequence[StoredFile]) -> None:  # noqa: ARG002  # there are no folders
        """See Output."""
        self._remove([file.path for file in files])

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

    def _current(self) -> tuple[bytes | None, Tag | None]:
        try:
            return self.store.get(CURRENT, _CURRENT_BYTES)
        except MissingObjectError:
            return None, None

    def _objects(self) -> dict[str, Found]:
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

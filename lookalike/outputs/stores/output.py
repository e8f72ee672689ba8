"""An output in an object store: what jobs.snapshots does with a folder, by objects.

The same names below the URL as in a folder (lookalike.outputs.layout), and besides, in a snapshot's folder, two
objects without content: `live`, written when its snapshot becomes live or is about to cease, for the time at which
that was; and `pinned`. A listing stands for the folder: it is asked for once, and again whenever the lock is taken.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow.parquet as pq

from lookalike.errors import OutputLockedError, SnapshotError, StoreError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import CURRENT, MANIFEST, SNAPSHOTS, is_snapshot_id, parse_data_path, snapshot_folder
from lookalike.outputs.stores.blocks import BlockCache
from lookalike.outputs.stores.lease import Lease
from lookalike.outputs.stores.objects import (
    PATIENT,
    ConflictError,
    Found,
    MissingObjectError,
    ObjectStore,
    Patience,
    Tag,
)
from lookalike.outputs.stores.parquet import OpenObject
from lookalike.outputs.stores.urls import StoreUrl

_LIVE, _PINNED = "live", "pinned"
_SWITCH: Final = 60.0  # seconds that a switch takes at most, from the snapshot's mark to CURRENT
_MANIFEST_BYTES: Final = 1 << 30
_CURRENT_BYTES: Final = 1 << 10
_SMALL_CACHE: Final = 64 << 20


class ObjectOutput:
    """Reading for any number of threads; changes by whoever holds the lock. Raises StoreError."""

    def __init__(self, url: StoreUrl, *, patience: Patience = PATIENT, block_cache_bytes: int = _SMALL_CACHE) -> None:
        """Nothing is asked of the store yet."""
        self.url = url
        self.store = ObjectStore(url, patience)
        self._blocks = BlockCache(self.store.ranges, block_cache_bytes)
        self._listed: dict[str, Found] | None = None
        self._lease: Lease | None = None
        self._seen: Tag | None = None  # CURRENT when the lock was taken

    def __str__(self) -> str:
        """The URL."""
        return str(self.url)

    def name(self, path: str) -> str:
        """The address of what lies at a path, for messages."""
        return self.store.name(path)

    # --- one snapshot ---

    def current(self) -> bytes | None:
        """What CURRENT holds; None if nothing has been published."""
        return self.current_and_tag()[0]

    def current_and_tag(self) -> tuple[bytes | None, Tag | None]:
        """The same, and what to switch it from."""
        try:
            return self.store.get(CURRENT, _CURRENT_BYTES)
        except MissingObjectError:
            return None, None

    def manifest(self, snapshot: str) -> bytes:
        """The manifest of a snapshot, as it was written."""
        return self.store.get(f"{snapshot_folder(snapshot)}/{MANIFEST}", _MANIFEST_BYTES)[0]

    def open_file(
        self,
        entry: FileEntry,
        footer: pq.FileMetaData | None,
        groups: Sequence[int] | None,
        columns: Sequence[str] | None,
    ) -> contextlib.AbstractContextManager[Any]:
        """A data file, open as a pq.ParquetFile to read its footer, or columns of row groups."""
        return OpenObject(self.store, self._blocks, entry, footer, groups, columns)

    def check_sizes(self, entries: Sequence[FileEntry]) -> None:
        """Raise SnapshotError unless all files are there with the sizes of their entries, by a fresh listing."""
        found: dict[str, int] = {}
        for snapshot in sorted({parse_data_path(entry.path).snapshot for entry in entries}):
            found |= {one.key: one.bytes for one in self.store.list(snapshot_folder(snapshot))}
        for entry in entries:
            self._compare(entry, found.get(entry.path))

    def check_size(self, entry: FileEntry) -> None:
        """The same of one file, by the listing that is at hand."""
        found = self._objects().get(entry.path)
        self._compare(entry, None if found is None else found.bytes)

    def check_file(self, entry: FileEntry) -> None:
        """Raise SnapshotError unless the file is there with the size and checksum of its entry; reads all of it."""
        size, checksum = self.store.checksum(entry.path, entry.checksum)
        self._compare(entry, size)
        if checksum != entry.checksum:
            raise SnapshotError(f"{self.name(entry.path)}: its checksum is not the manifest's")

    def _compare(self, entry: FileEntry, size: int | None) -> None:
        if size is None:
            raise SnapshotError(f"{self.name(entry.path)}: cannot be read: there is no such object")
        if size != entry.bytes:
            raise SnapshotError(f"{self.name(entry.path)}: has {size} bytes, the manifest says {entry.bytes}")

    # --- all snapshots, by the listing ---

    def snapshots(self) -> list[str]:
        """The ids of all that have a folder, published or not, the newest first."""
        ids = {key.split("/")[1] for key in self._objects() if key.count("/") > 1}
        return sorted(filter(is_snapshot_id, ids), reverse=True)

    def published(self) -> list[str]:
        """The ids of those with a manifest, the newest first."""
        listed = self._objects()
        return [one for one in self.snapshots() if f"{snapshot_folder(one)}/{MANIFEST}" in listed]

    def objects_of(self, snapshot: str) -> list[Found]:
        """What lies in the folder of a snapshot."""
        folder = f"{snapshot_folder(snapshot)}/"
        return [one for key, one in self._objects().items() if key.startswith(folder)]

    def forget(self) -> None:
        """Let the next question be answered by a fresh listing."""
        self._listed = None

    def objects(self) -> list[Found]:
        """What lies in the folders of all snapshots."""
        return list(self._objects().values())

    def _objects(self) -> dict[str, Found]:
        if self._listed is None:
            self._listed = {one.key: one for one in self.store.list(SNAPSHOTS)}
        return self._listed

    # --- marks ---

    def is_pinned(self, snapshot: str) -> bool:
        """Whether a snapshot must not be pruned."""
        return f"{snapshot_folder(snapshot)}/{_PINNED}" in self._objects()

    def set_pinned(self, snapshot: str, pinned: bool) -> None:
        """Keep a snapshot from being pruned, or let it be."""
        key = f"{snapshot_folder(snapshot)}/{_PINNED}"
        if pinned:
            self.store.put(key, b"")
        else:
            self.store.delete([key])
        self.forget()

    def mark_live(self, snapshot: str) -> None:
        """Note that a snapshot is live until now at least."""
        self.store.put(f"{snapshot_folder(snapshot)}/{_LIVE}", b"")
        self.forget()

    def marked(self, snapshot: str) -> float:
        """When that was noted last, in seconds since 1970; 0 if never."""
        found = self._objects().get(f"{snapshot_folder(snapshot)}/{_LIVE}")
        return found.changed.timestamp() if found else 0.0

    def switched(self) -> float:
        """When CURRENT was written, likewise."""
        return self.store.changed(CURRENT).timestamp()

    def was_edited(self, live: str) -> bool:
        """Whether CURRENT was written by another hand: any snapshot can have been live until then."""
        return self.switched() - self.marked(live) > _SWITCH

    # --- changes ---

    @contextlib.contextmanager
    def locked(self, wait: float = 0) -> Iterator[None]:
        """Hold the lock. Raises OutputLockedError if another holds it for `wait` seconds."""
        lease = Lease(self.store)
        lease.acquire(wait)
        self._lease = lease
        try:
            self.forget()
            self._seen = self.current_and_tag()[1]
            yield
        finally:
            self._lease = None
            lease.release()

    def confirm(self) -> None:
        """Raise OutputLockedError if the lock has been lost meanwhile."""
        if self._lease is None:
            raise RuntimeError("the output is not locked")
        self._lease.confirm()

    def check_lock(self) -> None:
        """The same as far as it is known without asking."""
        if self._lease is not None:
            self._lease.check()

    def switch(self, snapshot: str) -> None:
        """Make a snapshot live if CURRENT is as it was when the lock was taken, and the lock is still held.

        Raises OutputLockedError if not: nothing has changed then. After any other error it may have.
        """
        self.confirm()
        content = f"{snapshot}\n".encode()
        try:
            self._seen = self.store.put_if(CURRENT, content, self._seen)
        except ConflictError:  # or the answer to the first of several tries was lost
            if self.current() != content:
                raise OutputLockedError(f"{self.url}: another run has switched CURRENT meanwhile") from None
        except StoreError as error:
            if self.current() != content:
                raise StoreError(f"{error}; {snapshot} may be live or not") from None

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        self.store.delete(keys)
        self.forget()

"""What an output is: the place that snapshots are published to, whether a folder or a prefix of an object store.

`folder.FolderOutput` implements it, and `storedoutput.StoredOutput` for object stores and HDFS; `opening.open_output`
chooses one.
All paths are relative to the output and as `layout` has them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final, NamedTuple

import pyarrow.parquet as pq

from lookalike.errors import SnapshotError, StoreError
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.layout import CURRENT, MANIFEST, snapshot_folder
from lookalike.outputs.newfile import NewFile
from lookalike.outputs.pointer import Pointer

SWITCH_SECONDS: Final = 60.0  # that a switch takes at most, from marking the snapshot as live to writing CURRENT


class StoredFile(NamedTuple):
    """A file in a snapshot's folder, listed in a manifest or not."""

    path: str
    bytes: int


class Output(ABC):
    """Reading is for any number of threads; changes are for the process that holds the lock.

    All methods raise SnapshotError for what cannot be read (of an object store its subclass StoreError). Changes to a
    folder raise OSError, changes in an object store StoreError.
    """

    # Whether the place itself compares what it keeps with checksums, so that a service need not read all of it.
    compares_checksums: ClassVar[bool]

    @abstractmethod
    def __str__(self) -> str:
        """The folder or the URL."""

    def name(self, path: str) -> str:
        """The whole address of a file, for messages."""
        return f"{self}/{path}"

    # --- the live snapshot ---

    @abstractmethod
    def current_bytes(self) -> bytes | None:
        """The content of CURRENT; None if nothing has been published."""

    def pointer(self) -> Pointer | None:
        """What CURRENT says; None if nothing has been published. Raises SnapshotError if it is no such line."""
        content = self.current_bytes()
        return None if content is None else Pointer.parse(content, self.name(CURRENT))

    def current(self) -> str | None:
        """The id in CURRENT; None if nothing has been published. Raises SnapshotError if it holds no id."""
        pointer = self.pointer()
        return None if pointer is None else pointer.snapshot

    def live(self) -> str:
        """The id in CURRENT. Raises SnapshotError if nothing has been published."""
        snapshot = self.current()
        if snapshot is None:
            raise SnapshotError(f"{self}: no snapshot has been published here")
        return snapshot

    def live_or_none(self) -> str | None:
        """The id in CURRENT; None also if CURRENT is damaged. Raises StoreError if an object store fails."""
        try:
            return self.current()
        except StoreError:
            raise
        except SnapshotError:
            return None

    # --- reading one snapshot ---

    @abstractmethod
    def manifest(self, snapshot: str) -> bytes:
        """The manifest of a snapshot, as it is."""

    def check_manifest(self, snapshot: str, content: bytes) -> None:
        """Raise SnapshotError if this is not the manifest that CURRENT names, and the snapshot is the live one."""
        try:
            pointer = self.pointer()
        except StoreError:
            raise
        except SnapshotError:  # a damaged CURRENT says nothing of this snapshot
            return
        if pointer is not None and pointer.snapshot == snapshot:
            pointer.check(content, self.name(f"{snapshot_folder(snapshot)}/{MANIFEST}"))

    @abstractmethod
    def open_file(
        self,
        entry: FileEntry,
        footer: pq.FileMetaData | None = None,
        groups: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
        *,
        encoded: bool = False,
    ) -> AbstractContextManager[Any]:
        """A data file as a pq.ParquetFile while the context lasts; damage found in it raises SnapshotError.

        footer: if it has been read before. groups, columns: those that will be read, None to read the footer alone;
        an object store fetches them in one request. encoded: whether those columns, of strings, may come as
        dictionaries, as they are stored.
        """

    @abstractmethod
    def check_size(self, entry: FileEntry) -> None:
        """Raise SnapshotError unless the file exists with the size of its entry. May use a listing made before."""

    @abstractmethod
    def check_sizes(self, entries: Sequence[FileEntry]) -> None:
        """Raise SnapshotError unless all files exist now with the sizes of their entries."""

    @abstractmethod
    def check_file(self, entry: FileEntry) -> None:
        """Raise SnapshotError unless the file has the size and checksum of its entry; reads all of it."""

    def keep_only(self, entries: Collection[FileEntry]) -> None:  # noqa: B027  # most remember nothing of files
        """Forget what is remembered of other files; it is found out again where it is needed."""

    # --- writing one snapshot: data files by any process, the rest by the one that holds the lock ---

    @abstractmethod
    def create(self, path: str) -> NewFile:
        """Start a data file."""

    @abstractmethod
    def make_ready(self) -> None:
        """Before the lock is taken: make the output if there is none. Raises UsageError if it cannot be used."""

    @contextmanager
    def work_folder(self, snapshot: str) -> Iterator[Path]:  # noqa: ARG002  # a folder has a place for it
        """A folder of this machine for what a run needs only while it runs."""
        with TemporaryDirectory(prefix="lookalike-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    @abstractmethod
    def add_unchecked(self, snapshot: str, manifest: bytes, files: Collection[str]) -> None:
        """Put a manifest beside the files that it lists, under another name; remove all other files of the snapshot.

        All of it is durable then.
        """

    @abstractmethod
    def unchecked_manifest(self, snapshot: str) -> bytes:
        """What `add_unchecked` has put there; any process may read it."""

    @abstractmethod
    def add_manifest(self, snapshot: str) -> None:
        """Give the manifest its own name: the snapshot is whole and checked."""

    @abstractmethod
    def abandon(self, snapshot: str) -> None:
        """Remove all of a snapshot that is not live, its manifest first. What resists stays, for the next run."""

    # --- all snapshots ---

    @abstractmethod
    def snapshots(self) -> list[str]:
        """The ids of all snapshots that have a folder, published or not, the newest first: ids sort by time."""

    @abstractmethod
    def published(self) -> list[str]:
        """The ids of those with a manifest, the newest first."""

    @abstractmethod
    def files(self, snapshot: str) -> list[StoredFile]:
        """All files in the folder of a snapshot."""

    # --- marks: the only things about a published snapshot that change ---

    @abstractmethod
    def is_pinned(self, snapshot: str) -> bool:
        """Whether a snapshot must not be pruned."""

    @abstractmethod
    def set_pinned(self, snapshot: str, pinned: bool) -> None:
        """Pin or unpin a snapshot; nothing happens if it is so already."""

    @abstractmethod
    def mark_live(self, snapshot: str) -> None:
        """Note that a snapshot is live until now at least."""

    @abstractmethod
    def marked_live(self, snapshot: str) -> float:
        """When that was noted last, in seconds since 1970; 0 if never."""

    @abstractmethod
    def switched(self) -> float:
        """When CURRENT was written, in seconds since 1970."""

    def was_edited(self, live: str) -> bool:
        """Whether a person wrote CURRENT, not this program: then any snapshot can have been live until then."""
        return self.switched() - self.marked_live(live) > SWITCH_SECONDS

    def live_until(self, snapshot: str, live: str) -> float:
        """When a snapshot other than the live one can have been live last, in seconds since 1970."""
        marked = self.marked_live(snapshot)
        return max(marked, self.switched()) if self.was_edited(live) else marked

    # --- changes ---

    @abstractmethod
    def locked(self, wait: float = 0) -> AbstractContextManager[None]:
        """Hold the lock. Raises OutputLockedError if another process holds it for `wait` seconds."""

    @abstractmethod
    def confirm_lock(self) -> None:
        """Raise OutputLockedError if the lock has been lost since."""

    @abstractmethod
    def switch(self, snapshot: str) -> None:
        """Let CURRENT name a snapshot and the checksum of its manifest, the lock being held; see `make_live`."""

    def make_live(self, snapshot: str) -> None:
        """Switch CURRENT to a whole snapshot, the lock being held; mark first those that were live until now."""
        published = self.published()
        live = self.live_or_none()
        edited = live is None or live not in published or self.was_edited(live)
        for other in published:
            if edited or other in (live, snapshot):
                with suppress(PermissionError):  # another user's folder: no reason not to publish
                    self.mark_live(other)
        self.switch(snapshot)

    @abstractmethod
    def remove_manifests(self, snapshots: Sequence[str]) -> None:
        """Remove the manifests of snapshots, which are no snapshots from then on, even if the machine dies."""

    @abstractmethod
    def remove_files(self, snapshot: str, files: Sequence[StoredFile]) -> None:
        """Remove files of a snapshot, and those of its folders that are empty then. Missing ones are no error."""

    @abstractmethod
    def append_run(self, line: str) -> None:
        """Add a line to runs.jsonl; needs no lock. Does nothing in a folder that does not exist."""


def check_bytes(output: Output, entry: FileEntry, found: int) -> None:
    """Raise SnapshotError unless the size that was found is that of the entry."""
    if found != entry.bytes:
        raise SnapshotError(f"{output.name(entry.path)}: has {found} bytes, the manifest says {entry.bytes}")


def check_checksum(output: Output, entry: FileEntry, found: str) -> None:
    """Raise SnapshotError unless the checksum that was found is that of the entry."""
    if found != entry.checksum:
        raise SnapshotError(f"{output.name(entry.path)}: its checksum is not the manifest's")

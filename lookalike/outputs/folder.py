"""An output that is a folder of this machine or one that it has mounted.

A folder of this machine may hold symbolic links. The output may be one itself; a link in it is removed as a link, and
nothing behind it is changed. A link in place of the folder of all snapshots or of one is left to people.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pyarrow.parquet as pq

from lookalike.errors import SnapshotError, UsageError
from lookalike.outputs.checksums import Checksum
from lookalike.outputs.durable import append_line, sync_folder, write_durably
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.interface import Output, StoredFile, check_bytes, check_checksum
from lookalike.outputs.layout import (
    CURRENT,
    MANIFEST,
    RUNS,
    SNAPSHOTS,
    UNCHECKED,
    WORK,
    is_snapshot_id,
    join_path,
    snapshot_folder,
)
from lookalike.outputs.links import files_below, folders_below, refuse_link
from lookalike.outputs.lock import OutputLock
from lookalike.outputs.marks import is_pinned, mark_live, marked_live, set_pinned
from lookalike.outputs.newfile import FolderFile, NewFile
from lookalike.outputs.openparquet import LocalParquet
from lookalike.outputs.pointer import POINTER_BYTES, Pointer
from lookalike.outputs.regular import open_regular

_PIECE: Final = 1 << 20  # bytes read at once


class FolderOutput(Output):
    """folder: need not exist, then nothing has been published."""

    compares_checksums: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self.folder = folder
        self._name = str(folder)

    def __str__(self) -> str:
        """The folder."""
        return self._name

    def current_bytes(self) -> bytes | None:
        """See Output."""
        path = self.folder / CURRENT
        try:
            with open_regular(path) as file:
                return file.read(POINTER_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SnapshotError(f"{path}: {error.strerror}") from None

    def manifest(self, snapshot: str) -> bytes:
        """See Output."""
        return _content(self._snapshot(snapshot) / MANIFEST)

    def open_file(
        self,
        entry: FileEntry,
        footer: pq.FileMetaData | None = None,
        groups: Sequence[int] | None = None,  # noqa: ARG002  # a disk is read when Arrow asks, not ahead
        columns: Sequence[str] | None = None,
        *,
        encoded: bool = False,
    ) -> contextlib.AbstractContextManager[Any]:
        """See Output."""
        return LocalParquet(self, entry, footer, columns if encoded else None)

    def check_size(self, entry: FileEntry) -> None:
        """See Output; always asks the disk."""
        path = self.folder / entry.path
        try:
            size = path.stat().st_size
        except OSError as error:
            raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None
        check_bytes(self, entry, size)

    def check_sizes(self, entries: Sequence[FileEntry]) -> None:
        """See Output."""
        for entry in entries:
            self.check_size(entry)

    def check_file(self, entry: FileEntry) -> None:
        """See Output."""
        checksum, room = Checksum(entry.checksum), bytearray(_PIECE)
        with self.opened(entry) as file:
            while read := file.readinto(room):
                checksum.update(memoryview(room)[:read])
        check_checksum(self, entry, checksum.text())

    @contextlib.contextmanager
    def opened(self, entry: FileEntry) -> Iterator[io.FileIO]:
        """A data file that has the size of its entry. Raises SnapshotError, also for an OSError in the context."""
        path = self.folder / entry.path
        try:
            with open_regular(path) as file:
                check_bytes(self, entry, os.fstat(file.fileno()).st_size)
                yield file
        except OSError as error:
            raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None

    def create(self, path: str) -> NewFile:
        """See Output."""
        return FolderFile(join_path(self.folder, path))

    def make_ready(self) -> None:
        """See Output. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            refuse_link(self.folder / SNAPSHOTS)
        except SnapshotError as error:
            raise UsageError(f"{error}, or make the output a link instead") from None
        if (self.folder / CURRENT).is_dir():  # which no file can replace
            raise UsageError(f"{self.folder / CURRENT}: is a folder, and would have to be a file; remove it")

    @contextlib.contextmanager
    def work_folder(self, snapshot: str) -> Iterator[Path]:
        """See Output; all machines see this one. It goes when the snapshot is published or abandoned."""
        folder = self._snapshot(snapshot) / WORK
        folder.mkdir(parents=True)
        yield folder

    def add_unchecked(self, snapshot: str, manifest: bytes, files: Collection[str]) -> None:
        """See Output."""
        folder = self._snapshot(snapshot)
        shutil.rmtree(folder / WORK, ignore_errors=True)  # a lost attempt of a task may still be writing there
        listed = {self.folder / path for path in files}
        for path in files_below(folder):
            if path not in listed or path.is_symlink():  # which was not written here
                path.unlink(missing_ok=True)  # an attempt may still be at work and take its own away
        write_durably(folder / UNCHECKED, manifest)
        for inner in folders_below(folder):
            sync_folder(inner)

    def unchecked_manifest(self, snapshot: str) -> bytes:
        """See Output."""
        return _content(self._snapshot(snapshot) / UNCHECKED)

    def add_manifest(self, snapshot: str) -> None:
        """See Output."""
        folder = self._snapshot(snapshot)
        (folder / UNCHECKED).rename(folder / MANIFEST)
        for changed in (folder, folder.parent, self.folder):
            sync_folder(changed)

    def abandon(self, snapshot: str) -> None:
        """See Output."""
        try:  # the manifest first, so that a folder with one is always a whole snapshot
            folder = self._own(snapshot)
            (folder / MANIFEST).unlink(missing_ok=True)
        except (OSError, SnapshotError):
            return  # it may still be there, and then everything that it names must stay
        shutil.rmtree(folder, ignore_errors=True)

    def snapshots(self) -> list[str]:
        """See Output."""
        found = (self.folder / SNAPSHOTS).glob("*")
        return sorted((path.name for path in found if is_snapshot_id(path.name) and path.is_dir()), reverse=True)

    def published(self) -> list[str]:
        """See Output."""
        return [one for one in self.snapshots() if (self._snapshot(one) / MANIFEST).exists()]

    def files(self, snapshot: str) -> list[StoredFile]:
        """See Output; symbolic links are files here, whatever they point to.

        Raises SnapshotError if the snapshot's folder is one.
        """
        found = []
        for path in files_below(self._own(snapshot)):
            with contextlib.suppress(FileNotFoundError):  # a lost attempt of a task may remove its own
                found.append(StoredFile(str(path.relative_to(self.folder)), path.lstat().st_size))
        return found

    def is_pinned(self, snapshot: str) -> bool:
        """See Output."""
        return is_pinned(self._snapshot(snapshot))

    def set_pinned(self, snapshot: str, pinned: bool) -> None:
        """See Output."""
        set_pinned(self._own(snapshot), pinned)

    def mark_live(self, snapshot: str) -> None:
        """See Output."""
        refuse_link(self.folder / SNAPSHOTS)
        mark_live(self._snapshot(snapshot))

    def marked_live(self, snapshot: str) -> float:
        """See Output."""
        return marked_live(self._snapshot(snapshot))

    def switched(self) -> float:
        """See Output."""
        return (self.folder / CURRENT).stat().st_mtime

    @contextlib.contextmanager
    def locked(self, wait: float = 0) -> Iterator[None]:
        """See Output. Raises OSError if the folder cannot be written to."""
        lock = OutputLock(self.folder)
        lock.acquire(wait)
        try:
            for temporary in self.folder.glob(f".{CURRENT}.*.tmp"):  # of processes that died
                temporary.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def confirm_lock(self) -> None:
        """Nothing to do: the operating system takes the lock from no process that lives."""

    def switch(self, snapshot: str) -> None:
        """See Output."""
        write_durably(self.folder / CURRENT, Pointer.to(snapshot, self.manifest(snapshot)).line())

    def remove_manifests(self, snapshots: Sequence[str]) -> None:
        """See Output; one after the other, each flushed to the disk."""
        for folder in [self._own(snapshot) for snapshot in snapshots]:
            (folder / MANIFEST).unlink()
            sync_folder(folder)

    def remove_files(self, snapshot: str, files: Sequence[StoredFile]) -> None:
        """See Output. The files are those that `files` has listed."""
        top = self._own(snapshot)
        there = set(files_below(top))
        for path in (self.folder / file.path for file in files):
            if path in there:  # and not behind a link that has come since
                path.unlink(missing_ok=True)
        for folder in (*folders_below(top), top):
            if not any(folder.iterdir()):
                folder.rmdir()

    def append_run(self, line: str) -> None:
        """See Output."""
        if self.folder.is_dir():
            append_line(self.folder / RUNS, line)

    def _snapshot(self, snapshot: str) -> Path:
        return self.folder / snapshot_folder(snapshot)

    def _own(self, snapshot: str) -> Path:
        """The folder of a snapshot, to be changed. Raises SnapshotError if a link leads there."""
        folder = self._snapshot(snapshot)
        for path in (folder.parent, folder):
            refuse_link(path)
        return folder


def _content(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read()
    except OSError as error:
        raise SnapshotError(f"{path}: {error.strerror}") from None

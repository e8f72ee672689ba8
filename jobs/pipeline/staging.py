"""The folder in which a run works if its output is in an object store. It holds a copy of the live snapshot alone.

Spark's tasks write files, map them into memory and rename them, which no object store offers. So a run downloads the
files of the live snapshot that are missing here, works as in any folder, and uploads what it has published here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from jobs.reporting.terminal import printable
from lookalike.errors import DiskError, OutputLockedError, SnapshotError, StoreError, UsageError
from lookalike.outputs.checksums import Checksum
from lookalike.outputs.durable import temporary_beside, write_durably
from lookalike.outputs.entries import FileEntry
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import CURRENT, MANIFEST, SNAPSHOTS, join_path, snapshot_folder
from lookalike.outputs.links import files_below, folders_below
from lookalike.outputs.objects import MissingObjectError
from lookalike.outputs.objectstore import ObjectOutput
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.leftovers import remove_dead_runs
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot

_MIRRORED: Final = ".mirrored"  # holds the URL
_AT_ONCE: Final = 8  # files uploaded or downloaded at once


def staging_folder(url: StoreUrl, chosen: Path | None) -> Path:
    """Where a run for this output works: the folder chosen, or one in the user's cache, named by the URL."""
    if chosen is not None:
        return chosen
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    name = re.sub(r"[^A-Za-z0-9]+", "-", url).strip("-")[:80]
    return Path(cache) / "lookalike" / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


class Staging:
    """A staging folder and its output, whose lock is held; made by `staged`."""

    def __init__(self, output: ObjectOutput, folder: Path) -> None:
        """This does nothing yet; see prepare."""
        self.folder = folder
        self._output, self._here = output, FolderOutput(folder)
        self._live: Manifest | None = None

    def prepare(self) -> None:
        """Remove the files of dead runs from the output, and copy its live snapshot to the folder."""
        self._claim()
        remove_dead_runs(self._output)
        with self._here.locked():  # a run whose lock was taken over may still be at work here
            self._bring()
            self.prune()

    def deliver(self, manifest: Manifest) -> None:
        """Upload a snapshot that was published in the folder, and make it live in the output.

        Raises OutputLockedError if another run has changed the output meanwhile. After that, and after any error
        before the switch, what was uploaded is removed again. After an error in the switch itself the snapshot may be
        live.
        """
        output = self._output
        try:
            self._upload(manifest)
            output.check_sizes(manifest.files)
            output.confirm_lock()
            output.add_manifest(manifest.id, self._here.manifest(manifest.id))
        except BaseException:
            self._withdraw(manifest.id)
            raise
        try:
            output.make_live(manifest.id)
        except OutputLockedError:
            self._withdraw(manifest.id)
            raise
        self._live = manifest

    def prune(self) -> None:
        """Remove from the folder what the live snapshot does not need."""
        keep: set[Path] = set()
        if self._live is None:
            (self.folder / CURRENT).unlink(missing_ok=True)
        else:
            keep = {join_path(self.folder, entry.path) for entry in self._live.files}
            keep.add(self.folder / snapshot_folder(self._live.id) / MANIFEST)
            self._here.switch(self._live.id)
        snapshots = self.folder / SNAPSHOTS
        for path in files_below(snapshots):
            if path not in keep:
                path.unlink()
        for folder in folders_below(snapshots):
            if not any(folder.iterdir()):
                folder.rmdir()

    def _claim(self) -> None:
        """Make the folder, or make sure that it belongs to this output, because its content will be removed."""
        mark = self.folder / _MIRRORED
        self.folder.mkdir(parents=True, exist_ok=True)
        if not mark.exists():
            if any(self.folder.iterdir()):
                raise UsageError(
                    f"{self.folder}: is not empty and not a staging folder; choose another with --staging"
                )
            write_durably(mark, f"{self._output.url}\n".encode())
        mirrored = mark.read_text(encoding="utf-8").strip()
        if mirrored != self._output.url:
            shown = printable(mirrored[:200])
            raise UsageError(f"{self.folder}: is the staging folder of {shown}; choose another with --staging")

    def _bring(self) -> None:
        """Download what is missing here of the live snapshot. If it is damaged, print a warning and do without."""
        if self._output.current_bytes() is None:
            return
        try:
            live = Snapshot.open(self._output).manifest
            missing = [entry for entry in live.files if not self._is_here(entry)]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(self._download, missing))
        except SnapshotError as error:
            if isinstance(error, StoreError) and not isinstance(error, MissingObjectError):
                raise
            warning = f"warning: the live snapshot is damaged; the run does not use it: {error}"
            print(printable(warning), file=sys.stderr)
            return
        self._live = live
        manifest = self.folder / snapshot_folder(live.id) / MANIFEST
        manifest.parent.mkdir(parents=True, exist_ok=True)
        write_durably(manifest, self._output.manifest(live.id))

    def _is_here(self, entry: FileEntry) -> bool:
        try:
            return join_path(self.folder, entry.path).stat().st_size == entry.bytes
        except FileNotFoundError:
            return False

    def _download(self, entry: FileEntry) -> None:
        target = join_path(self.folder, entry.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_beside(target)
        checksum, size = Checksum(entry.checksum), 0
        try:
            with temporary.open("xb") as file:
                for piece in self._output.store.pieces(entry.path):
                    file.write(piece)
                    checksum.update(piece)
                    size += piece.nbytes
            if (size, checksum.text()) != (entry.bytes, entry.checksum):
                raise SnapshotError(f"{self._output.name(entry.path)}: its checksum is not the manifest's")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def _upload(self, manifest: Manifest) -> None:
        uploaded = {file for snapshot in self._output.snapshots() for file in self._output.files(snapshot)}
        missing = [entry for entry in manifest.files if (entry.path, entry.bytes) not in uploaded]
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            list(pool.map(self._upload_one, missing))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _upload_one(self, entry: FileEntry) -> None:
        self._output.check_lock()
        self._output.store.upload(entry.path, join_path(self.folder, entry.path))

    def _withdraw(self, snapshot: str) -> None:
        """Remove a snapshot that did not become live; if the store fails, the next run removes it."""
        output = self._output
        with contextlib.suppress(StoreError):
            if output.live_or_none() != snapshot:
                output.remove_manifests([snapshot])
                output.remove_files(snapshot, output.files(snapshot))


@contextlib.contextmanager
def staged(url: StoreUrl, chosen: Path | None, wait: float) -> Iterator[Staging]:
    """Hold the lock of an output, and copy its live snapshot to its staging folder.

    Raises OutputLockedError if another run holds it for `wait` seconds, UsageError if the output or the folder cannot
    be used.
    """
    output, folder = ObjectOutput(url), staging_folder(url, chosen).absolute()
    output.current_bytes()  # fails for a wrong address or wrong credentials before anything is written
    with output.locked(wait):
        staging = Staging(output, folder)
        with _disk_errors(folder):
            staging.prepare()
        try:
            yield staging
        finally:
            with contextlib.suppress(OSError):  # the next run does it
                staging.prune()


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"{error.filename or folder}: {error.strerror}") from None

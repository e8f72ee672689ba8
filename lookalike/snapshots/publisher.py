"""Publishing: a snapshot is written unseen, checked, and goes live by one atomic switch of CURRENT.

The order is what keeps the live snapshot whole: data files, each flushed; manifest under another name;
check of all of it through the reader; manifest under its name; CURRENT, last of all. So a folder with a
manifest.json is a whole and checked snapshot, one without is what a dead run left, and dying at any
moment in between leaves CURRENT as it was.
"""

import contextlib
import errno
import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from lookalike.errors import DiskError, SnapshotError, UsageError
from lookalike.outputs.durable import sync_folder, write_durably
from lookalike.outputs.layout import CURRENT, MANIFEST, data_path, new_snapshot_id, snapshot_folder
from lookalike.outputs.lock import OutputLock
from lookalike.outputs.marks import mark_live, was_edited
from lookalike.outputs.outputs import Output
from lookalike.snapshots.history import live_id, published, published_ids
from lookalike.snapshots.leftovers import dead_folders, leftovers, remove
from lookalike.snapshots.manifest import Manifest, load
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

_UNCHECKED = f"{MANIFEST}.unchecked"


class Publication:
    """A snapshot being written; made by `begin`. Use as a context manager: leaving it unpublished aborts.

    id: the snapshot's. folder: where its files go, work: what the run needs only while it runs; both exist.
    """

    def __init__(self, output: Path, snapshot: str, lock: OutputLock) -> None:
        """Make the folders; the lock is held and becomes the publication's."""
        self.output = output
        self.id = snapshot
        self.folder = output / snapshot_folder(snapshot)
        self.work = self.folder / "work"
        self._lock = lock
        self.work.mkdir(parents=True)

    def data_path(self, table: str, *, bucket: int | None = None, part: int = 0) -> str:
        """The path for a data file of this snapshot, as write_table takes it."""
        return data_path(self.id, table, bucket=bucket, part=part)

    def publish(self, manifest: Manifest, check_buckets: Callable[[Path], object] | None = None) -> None:
        """Put the manifest beside the files, check the whole, and make it the live snapshot.

        check_buckets: as in `validate`, given where the manifest stands meanwhile.
        Raises SnapshotError if the check fails, OSError if the disk does; CURRENT then stays as it was.
        """
        if manifest.id != self.id:
            raise SnapshotError(f"{self.folder}: a manifest of {manifest.id} does not belong here")
        shutil.rmtree(self.work, ignore_errors=True)  # a lost attempt of a task may still be writing there
        self._remove_unlisted(manifest)
        unchecked = self.folder / _UNCHECKED
        write_durably(unchecked, manifest.dump())
        for folder in (path for path in self.folder.rglob("*") if path.is_dir()):
            sync_folder(folder)
        checking = None if check_buckets is None else functools.partial(check_buckets, unchecked)
        validate(Snapshot(self.output, load(unchecked)), checking)
        unchecked.rename(self.folder / MANIFEST)
        for folder in (self.folder, self.folder.parent, self.output):
            sync_folder(folder)
        make_live(self.output, self.id)

    def abort(self) -> None:
        """Remove what the run wrote, unless it is live by now."""
        if live_id(self.output) == self.id:
            return
        try:  # the manifest first, so that a folder with one is always a whole snapshot
            (self.folder / MANIFEST).unlink(missing_ok=True)
        except OSError:
            return  # it may still be there, and then all that it names has to stay
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return the publication."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove an unpublished snapshot and give the lock back."""
        try:
            self.abort()
        finally:
            self._lock.release()

    def _remove_unlisted(self, manifest: Manifest) -> None:
        """Remove what killed attempts of tasks left beside the files."""
        listed = {self.output / entry.path for entry in manifest.files}
        for path in list(self.folder.rglob("*")):
            if path not in listed and not path.is_dir():
                path.unlink(missing_ok=True)  # an attempt may still be at work and take its own away


def begin(output: Path, wait: float = 0) -> Publication:
    """Lock an output folder, made if it is not there, and start a new snapshot in it.

    What dead runs left is removed. Raises OutputLockedError if another run holds the folder for `wait` seconds,
    UsageError if it cannot be written to.
    """
    lock = OutputLock(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock.acquire(wait)
        _remove_dead_runs(output)
        return Publication(output, new_snapshot_id(), lock)
    except OSError as error:
        lock.release()
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):  # which another time may be better
            raise DiskError(f"{output}: {error.strerror}") from None
        raise UsageError(f"{output}: cannot be written to: {error.strerror}") from None
    except BaseException:
        lock.release()
        raise


def make_live(output: Output, snapshot: str) -> None:
    """Switch CURRENT to a whole snapshot, the lock being held; until when others were live is noted before."""
    snapshots = published_ids(output)
    live = live_id(output)
    edited = live is None or live not in snapshots or was_edited(output, live)
    for other in snapshots:
        if edited or other in (live, snapshot):
            with contextlib.suppress(PermissionError):  # another user's folder: no reason not to publish
                mark_live(output, other)
    if isinstance(output, Path):
        write_durably(output / CURRENT, f"{snapshot}\n".encode())
    else:
        output.switch(snapshot)


def _remove_dead_runs(output: Path) -> None:
    """Remove what stands in folders without a manifest, but no file that a manifest names.

    A manifest that cannot be read may name any file, perhaps in a newer version's words. Then all stay.
    """
    for temporary in output.glob(f".{CURRENT}.*.tmp"):
        temporary.unlink(missing_ok=True)
    if not dead_folders(output):
        return
    with contextlib.suppress(SnapshotError):
        for leftover in leftovers(output, published(output)):
            with contextlib.suppress(OSError):  # not ours to remove, or gone; a run can do without
                remove(output, leftover)

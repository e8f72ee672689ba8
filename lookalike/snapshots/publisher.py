"""Publishing: a snapshot is written unseen, checked, and made live by one atomic switch of CURRENT.

The order keeps the live snapshot whole: data files, each flushed to the disk; the manifest under another name; a
check of everything through the reader; the manifest under its own name; CURRENT, last of all. So a folder with a
manifest.json is a whole and checked snapshot, a folder without one was left by a run that died, and a run that dies
at any moment before the switch leaves CURRENT as it was.
"""

import errno
import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from lookalike.errors import DiskError, SnapshotError, UsageError
from lookalike.outputs.durable import sync_folder, write_durably
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.layout import (
    CURRENT,
    MANIFEST,
    SNAPSHOTS,
    data_path,
    id_after,
    new_snapshot_id,
    snapshot_folder,
)
from lookalike.outputs.links import files_below, folders_below, refuse_link
from lookalike.outputs.lock import OutputLock
from lookalike.snapshots.leftovers import remove_dead_runs
from lookalike.snapshots.manifest import Manifest, load
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

_UNCHECKED = f"{MANIFEST}.unchecked"


class Publication:
    """A snapshot being written; made by `begin`. Use as a context manager: leaving it unpublished aborts.

    id: of the snapshot. output: the folder of all snapshots. folder: for its files. work: for files that the run
    needs only while it runs. All of them exist.
    """

    def __init__(self, output: Path, snapshot: str, lock: OutputLock) -> None:
        """Make the folders; the lock is held and becomes the publication's."""
        self.output = output
        self._output = FolderOutput(output)
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

        check_buckets: as in `validate`, but called with the path of the manifest, which has no name of its own yet.
        Raises SnapshotError if the check fails, OSError if the disk does; CURRENT then stays as it was.
        """
        if manifest.id != self.id:
            raise SnapshotError(f"{self.folder}: a manifest of {manifest.id} does not belong here")
        shutil.rmtree(self.work, ignore_errors=True)  # a lost attempt of a task may still be writing there
        self._remove_unlisted(manifest)
        unchecked = self.folder / _UNCHECKED
        write_durably(unchecked, manifest.dump())
        for folder in folders_below(self.folder):
            sync_folder(folder)
        checking = None if check_buckets is None else functools.partial(check_buckets, unchecked)
        validate(Snapshot(self._output, load(unchecked)), checking)
        unchecked.rename(self.folder / MANIFEST)
        for folder in (self.folder, self.folder.parent, self.output):
            sync_folder(folder)
        self._output.make_live(self.id)

    def abort(self) -> None:
        """Remove what the run wrote, unless it is live by now."""
        if self._output.live_or_none() == self.id:
            return
        try:  # the manifest first, so that a folder with one is always a whole snapshot
            for folder in (self.folder.parent, self.folder):
                refuse_link(folder)
            (self.folder / MANIFEST).unlink(missing_ok=True)
        except (OSError, SnapshotError):
            return  # it may still be there, and then everything that it names must stay
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
        """Remove the files that killed attempts of tasks left."""
        listed = {self.output / entry.path for entry in manifest.files}
        for path in files_below(self.folder):
            if path not in listed or path.is_symlink():  # which was not written here
                path.unlink(missing_ok=True)  # an attempt may still be at work and take its own away


def begin(output: Path, wait: float = 0) -> Publication:
    """Lock an output folder, made if it is not there, and start a new snapshot in it.

    Removes the files of runs that died. Raises OutputLockedError if another run holds the folder for `wait` seconds,
    UsageError if it cannot be written to.
    """
    lock = OutputLock(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock.acquire(wait)
        _refuse_linked_snapshots(output)
        for temporary in output.glob(f".{CURRENT}.*.tmp"):
            temporary.unlink(missing_ok=True)
        here = FolderOutput(output)
        remove_dead_runs(here)
        newest = max(here.snapshots(), default=None)  # perhaps of a time that has not come: a clock was wrong
        return Publication(output, id_after(new_snapshot_id(), newest), lock)
    except OSError as error:
        lock.release()
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):  # which may be better another time
            raise DiskError(f"{output}: {error.strerror}") from None
        raise UsageError(f"{error.filename or output}: cannot be written to: {error.strerror}") from None
    except BaseException:
        lock.release()
        raise


def _refuse_linked_snapshots(output: Path) -> None:
    try:
        refuse_link(output / SNAPSHOTS)
    except SnapshotError as error:
        raise UsageError(f"{error}, or make the output a link instead") from None

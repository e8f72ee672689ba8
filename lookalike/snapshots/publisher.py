"""Publishing: a snapshot is written unseen, checked, and made live by one atomic switch of CURRENT.

The order keeps the live snapshot whole: data files, each flushed to the disk; the manifest under another name; a
check of everything through the reader; the manifest under its own name; CURRENT, last of all. So a folder with a
manifest.json is a whole and checked snapshot, a folder without one was left by a run that died, and a run that dies
at any moment before the switch leaves CURRENT as it was.
"""

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from lookalike.errors import DiskError, SnapshotError, StoreError, UnknownSwitchError, UsageError
from lookalike.outputs.interface import Output
from lookalike.outputs.layout import MANIFEST, data_path, id_after, new_snapshot_id, snapshot_folder
from lookalike.outputs.opening import open_output
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.leftovers import remove_dead_runs
from lookalike.snapshots.manifest import Manifest, parse
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate


class Publication:
    """A snapshot being written; made by `begin`. Use as a context manager: leaving it unpublished aborts.

    id: of the snapshot. output: the place of all snapshots, as tasks open it. work: a folder of this machine for
    files that the run needs only while it runs. disk: the folder whose disk the run fills: the output, or work if the
    output is in a store.
    """

    def __init__(self, place: OutputPlace, output: Output, snapshot: str, held: contextlib.ExitStack) -> None:
        """Make the folder; held: gives back the lock, and what else is the publication's."""
        self.output = place
        self._output = output
        self.id = snapshot
        self.work = held.enter_context(output.work_folder(snapshot))
        self._held = held.pop_all()
        self.disk = place if isinstance(place, Path) else self.work

    def data_path(self, table: str, *, bucket: int | None = None, part: int = 0) -> str:
        """The path for a data file of this snapshot, as write_table takes it."""
        return data_path(self.id, table, bucket=bucket, part=part)

    def publish(self, manifest: Manifest, check_buckets: Callable[[], object] | None = None) -> None:
        """Put the manifest beside the files, check the whole, and make it the live snapshot.

        check_buckets: as in `validate`; it finds the manifest by Output.unchecked_manifest.
        Raises SnapshotError if the check fails, OSError if the disk does; CURRENT then stays as it was. Raises
        UnknownSwitchError if nobody can know.
        """
        output, name = self._output, f"{self._output}/{snapshot_folder(self.id)}"
        if manifest.id != self.id:
            raise SnapshotError(f"{name}: a manifest of {manifest.id} does not belong here")
        output.confirm_lock()  # another run would have taken these files for a dead one's
        output.add_unchecked(self.id, manifest.dump(), {entry.path for entry in manifest.files})
        validate(Snapshot(output, parse(output.unchecked_manifest(self.id), f"{name}/{MANIFEST}")), check_buckets)
        output.add_manifest(self.id)
        output.make_live(self.id)

    def abort(self) -> None:
        """Remove what the run wrote, unless it is live by now. If a store fails, the next run does it."""
        with contextlib.suppress(StoreError):
            if self._output.live_or_none() != self.id:
                self._output.abandon(self.id)

    def __enter__(self) -> Self:
        """Return the publication."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove an unpublished snapshot and give the lock back."""
        with self._held:
            if not isinstance(error, UnknownSwitchError):  # then it may be live, or be so soon
                self.abort()


def begin(place: OutputPlace, wait: float = 0) -> Publication:
    """Lock an output, made if it is not there, and start a new snapshot in it.

    Removes the files of runs that died. Raises OutputLockedError if another run holds the output for `wait` seconds,
    UsageError if it cannot be written to.
    """
    output = open_output(place)
    with contextlib.ExitStack() as held:
        try:
            output.make_ready()
            held.enter_context(output.locked(wait))
            remove_dead_runs(output)
            newest = max(output.snapshots(), default=None)  # perhaps of a time that has not come: a clock was wrong
            return Publication(place, output, id_after(new_snapshot_id(), newest), held)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):  # which may be better another time
                raise DiskError(f"{output}: {error.strerror}") from None
            raise UsageError(f"{error.filename or output}: cannot be written to: {error.strerror}") from None

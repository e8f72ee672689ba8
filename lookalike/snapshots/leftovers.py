"""Files in snapshots' folders that no manifest names: left by runs that died, and by snapshots that are pruned.

A folder without a manifest is no snapshot, but manifests of later ones may name files in it. Those files stay.

A task that Spark has given up may write after its run has published. A data file gets the same bytes again; other
files are left in the folder of the published snapshot.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lookalike.errors import SnapshotError, StoreError
from lookalike.outputs.interface import Output, StoredFile
from lookalike.outputs.layout import WORK, parse_data_path
from lookalike.snapshots.history import Published, published


@dataclass(frozen=True)
class Leftover:
    """Files of one snapshot's folder that no snapshot needs; none where the folder is empty."""

    snapshot: str
    files: tuple[StoredFile, ...]

    @property
    def bytes(self) -> int:
        """Size of all of them."""
        return sum(file.bytes for file in self.files)


def leftovers(output: Output, snapshots: Iterable[Published], given_up: Collection[str] = ()) -> list[Leftover]:
    """The files that can go once the snapshots given up are removed; `snapshots` are all that are published.

    Raises SnapshotError if a manifest cannot be read, or names a file that is not there: a damaged one may need any
    other file.
    """
    named = set()
    for snapshot in snapshots:
        if snapshot.manifest is None:
            raise SnapshotError(
                f"{snapshot.problem}; it may name any file, so none is removed. If {snapshot.id} is of an older "
                "version and not live, delete its folder by hand"
            )
        if snapshot.id not in given_up:
            named |= {entry.path for entry in snapshot.manifest.files}
    needed = named | {str(parent) for path in named for parent in PurePosixPath(path).parents}  # some may be links
    looked_at = _dead(output) + [one for one in output.published() if one in given_up]
    files = {folder: output.files(folder) for folder in looked_at}
    _check_there(output, named, files)
    found = []
    for folder in looked_at:
        unnamed = tuple(file for file in files[folder] if file.path not in needed)
        if unnamed or not files[folder]:
            found.append(Leftover(folder, unnamed))
    return found


def _check_there(output: Output, named: Collection[str], files: Mapping[str, Sequence[StoredFile]]) -> None:
    """Raise SnapshotError if a manifest names a file of these folders, or of one that is gone, that is not there."""
    there = {file.path for listed in files.values() for file in listed}
    others = set(output.snapshots()) - set(files)
    missing = [
        path
        for path in named
        if parse_data_path(path).snapshot not in others
        # A folder may be a link, and listed as one.
        and there.isdisjoint((path, *map(str, PurePosixPath(path).parents)))
    ]
    if missing:
        raise SnapshotError(
            f"{output.name(min(missing))}: is not there, though a manifest names it; if that is damaged it may mean "
            "any file, so none is removed. `verify --all` says which snapshot it is; restore it, or delete its folder"
        )


def late_files(output: Output, snapshots: Collection[str]) -> list[Leftover]:
    """What given-up tasks have left in the folders of these published snapshots; for the one that holds the lock."""
    found = [
        Leftover(one, tuple(file for file in output.files(one) if _is_late(PurePosixPath(file.path))))
        for one in snapshots
    ]
    return [leftover for leftover in found if leftover.files]


def _is_late(path: PurePosixPath) -> bool:
    """Whether it is a work file or one that was never whole: a snapshot that is published has neither."""
    return path.parts[2] == WORK or (path.name.startswith(".") and path.suffix == ".tmp")


def remove_dead_runs(output: Output) -> None:
    """Remove the files in folders without a manifest, except those that a manifest names.

    None is removed if a manifest cannot be read: it may name any file, perhaps in the format of a newer version.
    Raises StoreError if an object store fails; files that a disk refuses to remove stay.
    """
    if not _dead(output):
        return
    try:
        found = leftovers(output, published(output))
    except StoreError:
        raise
    except SnapshotError:
        return
    for leftover in found:
        with contextlib.suppress(OSError):
            output.remove_files(leftover.snapshot, leftover.files)


def _dead(output: Output) -> list[str]:
    """Snapshots without a manifest; the one that CURRENT names is never among them."""
    alive = {output.live_or_none(), *output.published()}
    return [snapshot for snapshot in output.snapshots() if snapshot not in alive]

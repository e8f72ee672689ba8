"""Files in folders of snapshots that no manifest names: what dead runs left, and what pruning gives up.

A folder without a manifest is no snapshot, but later ones may name files in it. These stay, one by one.
"""

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from lookalike.errors import SnapshotError
from lookalike.outputs.layout import snapshot_folder
from lookalike.outputs.outputs import Output, RemoteOutput
from lookalike.snapshots.history import Published, folders, live_id, published_ids


@dataclass(frozen=True)
class Leftover:
    """Files of one snapshot's folder that nobody needs. bytes: their size. emptied: whether nothing else is in it.

    folder, files: relative to the output where that is no folder.
    """

    folder: PurePath
    files: tuple[PurePath, ...]
    bytes: int
    emptied: bool


def dead_folders(output: Path) -> list[Path]:
    """Folders without a manifest; the one that CURRENT names is never among them."""
    alive = {live_id(output), *published_ids(output)}
    return [folder for folder in folders(output) if folder.name not in alive]


def leftovers(output: Output, snapshots: Iterable[Published], given_up: Collection[str] = ()) -> list[Leftover]:
    """What can go once the snapshots given up are no more; `snapshots` are all that are published.

    Raises SnapshotError if a manifest cannot be read: it may name any file.
    """
    named = set()
    for snapshot in snapshots:
        if snapshot.manifest is None:
            raise SnapshotError(f"{snapshot.problem}; it may name any file, so none is removed")
        if snapshot.id not in given_up:
            named |= {entry.path for entry in snapshot.manifest.files}
    if not isinstance(output, Path):
        return _unnamed_objects(output, named, given_up)
    dead = dead_folders(output) + [folder for folder in folders(output) if folder.name in given_up]
    found = (_unnamed(folder, {output / path for path in named}) for folder in dead)
    return [leftover for leftover in found if leftover.files or leftover.emptied]


def remove(output: Output, leftover: Leftover) -> None:
    """Remove the files and what folders are empty then. Raises OSError or StoreError if that cannot be done."""
    if not isinstance(output, Path):
        output.remove([str(file) for file in leftover.files])
        return
    for file in map(Path, leftover.files):
        file.unlink(missing_ok=True)
    top = Path(leftover.folder)
    below = sorted(filter(_is_folder, top.rglob("*")), reverse=True)
    for folder in (*below, top):
        if not any(folder.iterdir()):
            folder.rmdir()


def _unnamed(folder: Path, named: set[Path]) -> Leftover:
    files = [path for path in folder.rglob("*") if not _is_folder(path)]
    unnamed = tuple(path for path in files if path not in named)
    size = 0
    for path in unnamed:
        with contextlib.suppress(FileNotFoundError):  # a lost attempt of a task may take its own away
            size += path.lstat().st_size
    return Leftover(folder, unnamed, size, emptied=len(unnamed) == len(files))


def _unnamed_objects(output: RemoteOutput, named: set[str], given_up: Collection[str]) -> list[Leftover]:
    """The same of objects: each folder that is no snapshot's, but for the objects that a manifest names."""
    alive = {live_id(output), *output.published()} - set(given_up)
    found = []
    for snapshot in output.snapshots():
        objects = [] if snapshot in alive else output.objects_of(snapshot)
        unnamed = [one for one in objects if one.key not in named]
        if unnamed:
            files = tuple(PurePath(one.key) for one in unnamed)
            size = sum(one.bytes for one in unnamed)
            emptied = len(unnamed) == len(objects)
            found.append(Leftover(PurePath(snapshot_folder(snapshot)), files, size, emptied))
    return found


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()

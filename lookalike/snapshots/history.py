"""The snapshots of an output: those with a manifest under its name, readable or not."""

from dataclasses import dataclass
from pathlib import Path

from lookalike.errors import SnapshotError, StoreError
from lookalike.outputs.layout import MANIFEST, SNAPSHOTS, is_snapshot_id
from lookalike.outputs.marks import is_pinned
from lookalike.outputs.outputs import Output
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot, current_id


@dataclass(frozen=True)
class Published:
    """A snapshot of the output. manifest: None if it cannot be trusted; problem then says why, in one line."""

    id: str
    manifest: Manifest | None
    problem: str
    live: bool
    pinned: bool

    @property
    def own_bytes(self) -> int:
        """Size of the files in its own folder that its manifest names."""
        files = () if self.manifest is None else self.manifest.files
        return sum(entry.bytes for entry in files if entry.snapshot == self.id)


def folders(output: Path) -> list[Path]:
    """The folders of all snapshots, published or not, the newest first: ids sort by time."""
    found = (path for path in (output / SNAPSHOTS).glob("*") if is_snapshot_id(path.name) and path.is_dir())
    return sorted(found, key=lambda path: path.name, reverse=True)


def published_ids(output: Output) -> list[str]:
    """The ids of the published snapshots, the newest first."""
    if not isinstance(output, Path):
        return output.published()
    return [folder.name for folder in folders(output) if (folder / MANIFEST).exists()]


def published(output: Output) -> list[Published]:
    """The published snapshots with their manifests, the newest first."""
    live = live_id(output)
    return [_read(output, snapshot, live) for snapshot in published_ids(output)]


def live_id(output: Output) -> str | None:
    """The id in CURRENT; None if there is none that can be read. Raises StoreError if an object store fails."""
    try:
        return current_id(output)
    except StoreError:
        raise
    except SnapshotError:
        return None


def live_manifest(output: Output) -> Manifest | None:
    """The manifest of the live snapshot; None if there is none that can be read."""
    try:
        return Snapshot.open(output).manifest
    except SnapshotError:
        return None


def _read(output: Output, snapshot: str, live: str | None) -> Published:
    manifest, problem = None, ""
    try:
        manifest = Snapshot.open(output, snapshot).manifest
    except SnapshotError as error:
        problem = str(error)
    return Published(snapshot, manifest, problem, live=snapshot == live, pinned=is_pinned(output, snapshot))

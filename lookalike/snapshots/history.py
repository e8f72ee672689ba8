"""The published snapshots of an output: those with a manifest under its name, whether it can be read or not."""

from dataclasses import dataclass

from lookalike.errors import SnapshotError
from lookalike.outputs.interface import Output
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot


@dataclass(frozen=True)
class Published:
    """A snapshot of the output. manifest: None if it cannot be read; problem then says why, in one line."""

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


def published(output: Output) -> list[Published]:
    """The published snapshots with their manifests, the newest first."""
    live = output.live_or_none()
    return [_read(output, snapshot, live) for snapshot in output.published()]


def live_manifest(output: Output) -> Manifest | None:
    """The manifest of the live snapshot; None if nothing has been published. SnapshotError if it cannot be read."""
    return None if output.current() is None else Snapshot.open(output).manifest


def _read(output: Output, snapshot: str, live: str | None) -> Published:
    manifest, problem = None, ""
    try:
        manifest = Snapshot.open(output, snapshot).manifest
    except SnapshotError as error:
        problem = str(error)
    return Published(snapshot, manifest, problem, live=snapshot == live, pinned=output.is_pinned(snapshot))

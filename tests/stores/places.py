"""A place for an output, folder, object store or HDFS, that tests publish to and look into."""

from __future__ import annotations

from pathlib import Path

from lookalike.outputs.interface import Output
from lookalike.outputs.opening import open_output
from lookalike.outputs.urls import OutputPlace, StoreUrl
from lookalike.snapshots.manifest import Manifest
from lookalike.snapshots.reader import Snapshot
from tests.snapshots.publishing import publish_on
from tests.snapshots.samples import Sample, make_sample

from .running import Bucket

SAMPLE = make_sample({"a": 5, "b": 30}, buckets=2, accounts=40)
OTHER = make_sample({"a": 9}, buckets=2, accounts=40, seed=2)
DEAD = "20200101T000000Z-000000"
FIRST, SECOND, THIRD = 1, 2, 3  # days of November


class Place:
    """An output, and what it holds, by the file system or the store's own library."""

    def __init__(self, place: OutputPlace, folder: Path | None = None) -> None:
        """folder: where the files of the place are, if it is not in an object store."""
        self.place, self._there = place, folder
        self._bucket = Bucket(place) if isinstance(place, StoreUrl) and folder is None else None

    def open(self) -> Output:
        """As another process would see it."""
        return open_output(self.place)

    def publish(self, day: int, *, sample: Sample = SAMPLE, naming: Snapshot | None = None) -> Manifest:
        return publish_on(day, self.place, sample, naming=naming).manifest

    def read(self, path: str) -> bytes:
        return (self._folder / path).read_bytes() if self._bucket is None else self._bucket.read(path)

    def write(self, path: str, content: bytes) -> None:
        if self._bucket is not None:
            self._bucket.write(path, content)
            return
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).write_bytes(content)

    def remove(self, path: str) -> None:
        if self._bucket is None:
            (self._folder / path).unlink()
        else:
            self._bucket.remove(path)

    def listing(self) -> set[str]:
        """All files but the lock and the objects that mark a snapshot as live, which a folder does by its times."""
        if self._bucket is None:
            found = {str(path.relative_to(self._folder)) for path in self._folder.rglob("*") if path.is_file()}
        else:
            found = self._bucket.listing()
        return {path for path in found if path != ".lock" and not path.endswith("/live")}

    @property
    def _folder(self) -> Path:
        assert self._there is not None
        return self._there


def files_of(manifest: Manifest) -> set[str]:
    """What the snapshot's own folder holds."""
    return {f"snapshots/{manifest.id}/manifest.json"} | {
        entry.path for entry in manifest.files if entry.snapshot == manifest.id
    }

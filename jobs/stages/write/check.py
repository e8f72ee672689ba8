"""The check of a snapshot before it goes live, shared by tasks."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator

from jobs.exchange.stage import Stage
from lookalike.outputs.layout import MANIFEST, snapshot_folder
from lookalike.outputs.opening import shared_output
from lookalike.outputs.urls import OutputPlace
from lookalike.snapshots.manifest import parse
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.snapshotchecks import SnapshotChecks


@dataclasses.dataclass(frozen=True)
class CheckBuckets(Stage[None]):
    """Task function: numbers of buckets in, nothing out. Raises SnapshotError for what does not agree.

    snapshot: which is in the output and has not been published.
    """

    output: OutputPlace
    snapshot: str

    def __call__(self, buckets: Iterable[int]) -> Iterator[None]:
        """Check the buckets whose numbers come in."""
        checks = _checks(self.output, self.snapshot)
        for bucket in buckets:
            checks.check(bucket)
        yield from ()


@functools.lru_cache(maxsize=1)
def _checks(place: OutputPlace, snapshot: str) -> SnapshotChecks:
    output = shared_output(place)
    manifest = parse(output.unchecked_manifest(snapshot), output.name(f"{snapshot_folder(snapshot)}/{MANIFEST}"))
    return SnapshotChecks(Snapshot(output, manifest))

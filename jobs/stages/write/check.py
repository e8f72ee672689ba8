"""The check of a snapshot before it goes live, shared by tasks."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from jobs.exchange.stage import Stage
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.manifest import load
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.snapshotchecks import SnapshotChecks


@dataclasses.dataclass(frozen=True)
class CheckBuckets(Stage[None]):
    """Task function: numbers of buckets in, nothing out. Raises SnapshotError for what does not agree.

    manifest: of the snapshot, which is in the output and has not been published.
    """

    output: Path
    manifest: Path

    def __call__(self, buckets: Iterable[int]) -> Iterator[None]:
        """Check the buckets whose numbers come in."""
        checks = _checks(self.output, self.manifest)
        for bucket in buckets:
            checks.check(bucket)
        yield from ()


@functools.lru_cache(maxsize=1)
def _checks(output: Path, manifest: Path) -> SnapshotChecks:
    return SnapshotChecks(Snapshot(FolderOutput(output), load(manifest)))

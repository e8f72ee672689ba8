"""Where a run writes: the output folder, a temporary folder for a plan, or the staging folder of an object store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from jobs.options.config import JobConfig
from jobs.planning.folder import temporary_folder
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.manifest import Manifest


class Workplace(Protocol):
    """A folder to publish in, and the step that follows publishing."""

    folder: Path

    def deliver(self, manifest: Manifest) -> None:
        """Bring a published snapshot to the output. Raises JobError if it is not live there afterwards."""


class _Folder:
    """The output folder itself: what is published in it is in the output already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, manifest: Manifest) -> None:
        """Nothing to do."""


@contextlib.contextmanager
def workplace(config: JobConfig) -> Iterator[Workplace]:
    """Where a run writes, while the context lasts."""
    if config.plan:
        with temporary_folder(local_folder(config)) as folder:
            yield _Folder(folder)
    elif isinstance(config.output, StoreUrl):
        from jobs.pipeline.staging import staged

        with staged(config.output, config.staging, config.wait) as staging:
            yield staging
    else:
        yield _Folder(local_folder(config))


def local_folder(config: JobConfig) -> Path:
    """The folder of this machine in which what a run published can be read."""
    if isinstance(config.output, Path):
        return config.output.resolve()
    from jobs.pipeline.staging import staging_folder

    return staging_folder(config.output, config.staging).absolute()

"""Where a run writes: the output folder, the staging folder of an object store, or for a plan a temporary folder."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from jobs.options.config import JobConfig
from lookalike.errors import UsageError
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.manifest import Manifest


class Destination(Protocol):
    """A folder, and what happens to a snapshot once it is published there."""

    @property
    def folder(self) -> Path:
        """All tasks see it."""

    def deliver(self, manifest: Manifest) -> None:
        """Put the snapshot into the output. Raises JobError if it is not live there afterwards."""


@dataclasses.dataclass(frozen=True)
class _Folder:
    """The output folder itself: a snapshot that is published there needs no delivery."""

    folder: Path

    def deliver(self, manifest: Manifest) -> None:
        """Nothing is left to do."""


@contextlib.contextmanager
def open_destination(config: JobConfig) -> Iterator[Destination]:
    """Where a run writes, while the context lasts."""
    if config.plan:
        with _temporary_folder(local_folder(config)) as folder:
            yield _Folder(folder)
    elif isinstance(config.output, StoreUrl):
        from jobs.pipeline.staging import staged

        with staged(config.output, config.staging, config.wait) as staging:
            yield staging
    else:
        yield _Folder(local_folder(config))


def local_folder(config: JobConfig) -> Path:
    """The folder of this machine in which a snapshot that was published can be read."""
    if isinstance(config.output, Path):
        return config.output.resolve()
    from jobs.pipeline.staging import staging_folder

    return staging_folder(config.output, config.staging).absolute()


@contextlib.contextmanager
def _temporary_folder(output: Path) -> Iterator[Path]:
    """A new folder for what a plan computes, on the output's file system. It is removed when the context ends.

    It is beside the output, or in the nearest folder above it that exists. Raises UsageError if it cannot be made.
    """
    parent = next((folder for folder in output.parents if folder.exists()), output)
    folder = parent / f".{output.name}.plan-{secrets.token_hex(4)}"
    try:
        folder.mkdir()
    except OSError as error:
        raise UsageError(f"{parent}: no temporary folder can be made in it: {error.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

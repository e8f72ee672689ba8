"""Where a run writes: the output, or for a plan a temporary folder."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jobs.options.config import JobConfig
from lookalike.errors import UsageError
from lookalike.outputs.urls import OutputPlace


@contextlib.contextmanager
def open_destination(config: JobConfig) -> Iterator[OutputPlace]:
    """Where a run writes, while the context lasts."""
    place = output_place(config)
    if not config.plan:
        yield place
    elif isinstance(place, Path):
        with _temporary_folder(place) as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="lookalike-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)


def output_place(config: JobConfig) -> OutputPlace:
    """The output as every process names it."""
    return config.output.resolve() if isinstance(config.output, Path) else config.output


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

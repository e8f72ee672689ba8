"""A place for what a plan computes, which must not be the output folder."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from lookalike.errors import UsageError


@contextlib.contextmanager
def temporary_folder(output: Path) -> Iterator[Path]:
    """A new folder on the output's file system, which all tasks see, and which is gone when the context ends.

    It is beside the output, or in the nearest folder above that exists. Raises UsageError if it cannot be made.
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

"""Writes that survive a crash: a file is whole under its name, or not there at all."""

import contextlib
import os
import uuid
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporary_beside(target: Path) -> Path:
    """A fresh name in the same folder, from which a rename to `target` is atomic."""
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")


def write_durably(target: Path, data: bytes) -> None:
    """Replace `target` by `data`: whoever reads it at any moment finds all of the old or all of the new."""
    temporary = temporary_beside(target)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to report
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)

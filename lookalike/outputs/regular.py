"""Opening what must be a file: a pipe in its place would be waited for."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

from lookalike.errors import SnapshotError


def open_regular(path: Path) -> io.FileIO:
    """Open a file, also through a link. Raises SnapshotError if it is no file, OSError."""
    file = io.FileIO(path, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise SnapshotError(f"{path}: is not a file")
    return file

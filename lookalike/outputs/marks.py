"""Marks on the folder of a snapshot: whether it is pinned, and when it was live last.

A pin is an empty file beside the manifest; anything under that name is one, so that nothing in it can be misread.
When a snapshot was live last is the time of change of its folder, which each switch sets; pinning and unpinning put
it back.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lookalike.outputs.durable import sync_folder

_PINNED: Final = "pinned"


def is_pinned(folder: Path) -> bool:
    """See Output."""
    return os.path.lexists(folder / _PINNED)


def set_pinned(folder: Path, pinned: bool) -> None:
    """See Output."""
    with _time_kept(folder):
        if pinned and not is_pinned(folder):  # else it may be a link, and what is behind it stays as it is
            (folder / _PINNED).touch()
        elif not pinned:
            (folder / _PINNED).unlink(missing_ok=True)


def mark_live(folder: Path) -> None:
    """See Output."""
    os.utime(folder, follow_symlinks=False)
    sync_folder(folder)


def marked_live(folder: Path) -> float:
    """See Output."""
    return folder.lstat().st_mtime


@contextlib.contextmanager
def _time_kept(folder: Path) -> Iterator[None]:
    """Let the entries of a folder change, but not its time, which says until when its snapshot was live."""
    found = folder.stat()
    times = (found.st_atime_ns, found.st_mtime_ns)
    os.utime(folder, ns=times)  # fails at once where it could not be put back later, as in another user's folder
    yield
    os.utime(folder, ns=times)
    sync_folder(folder)

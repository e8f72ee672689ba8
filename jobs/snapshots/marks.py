"""What may change about a published snapshot: whether it is pinned, and until when it was live. Its files never do.

A pin is an empty file beside the manifest; anything under that name is one, so nothing in it can be misread. When a
snapshot was live last is the time of change of its folder, which each switch sets; a pin that comes or goes puts it
back. Both are set by whoever holds the output's lock.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jobs.snapshots.durable import sync_folder
from jobs.snapshots.layout import CURRENT, snapshot_folder

_PINNED: Final = "pinned"
_SWITCH: Final = 60.0  # seconds that a switch takes at most, from the snapshot's folder to CURRENT


def pin(output: Path, snapshot: str) -> None:
    """Keep a snapshot from being pruned; nothing happens if it is pinned already."""
    folder = output / snapshot_folder(snapshot)
    with _time_kept(folder):
        (folder / _PINNED).touch()


def unpin(output: Path, snapshot: str) -> None:
    """Let a snapshot be pruned again; nothing happens if it is not pinned."""
    folder = output / snapshot_folder(snapshot)
    with _time_kept(folder):
        (folder / _PINNED).unlink(missing_ok=True)


def is_pinned(output: Path, snapshot: str) -> bool:
    """Whether a snapshot must not be pruned."""
    return os.path.lexists(output / snapshot_folder(snapshot) / _PINNED)


def mark_live(output: Path, snapshot: str) -> None:
    """Note that a snapshot is live until now at least."""
    folder = output / snapshot_folder(snapshot)
    os.utime(folder)
    sync_folder(folder)


def live_until(output: Path, snapshot: str, live: str) -> float:
    """When a snapshot other than the live one can have been live last, in seconds since 1970."""
    marked = _changed(output / snapshot_folder(snapshot))
    return max(marked, _changed(output / CURRENT)) if was_edited(output, live) else marked


def was_edited(output: Path, live: str) -> bool:
    """Whether CURRENT was written by another hand: any snapshot can have been live until then."""
    return _changed(output / CURRENT) - _changed(output / snapshot_folder(live)) > _SWITCH


@contextlib.contextmanager
def _time_kept(folder: Path) -> Iterator[None]:
    """Let the entries of a folder change, and not its time, which says until when its snapshot was live."""
    found = folder.stat()
    times = (found.st_atime_ns, found.st_mtime_ns)
    os.utime(folder, ns=times)  # who may not put it back afterwards, as in another user's folder, changes nothing
    yield
    os.utime(folder, ns=times)
    sync_folder(folder)


def _changed(path: Path) -> float:
    return path.stat().st_mtime

"""What may change about a published snapshot: whether it is pinned, and until when it was live. Its files never do.

A pin is an empty file beside the manifest; anything under that name is one, so nothing in it can be misread. When a
snapshot was live last is the time of change of its folder, which each switch sets; a pin that comes or goes puts it
back. Both are set by whoever holds the output's lock.
An object store has no such times: there both are objects (lookalike.outputs.stores.output).
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lookalike.outputs.durable import sync_folder
from lookalike.outputs.layout import CURRENT, snapshot_folder
from lookalike.outputs.outputs import Output

_PINNED: Final = "pinned"
_SWITCH: Final = 60.0  # seconds that a switch takes at most, from the snapshot's folder to CURRENT


def pin(output: Output, snapshot: str) -> None:
    """Keep a snapshot from being pruned; nothing happens if it is pinned already."""
    if not isinstance(output, Path):
        output.set_pinned(snapshot, True)
        return
    folder = output / snapshot_folder(snapshot)
    with _time_kept(folder):
        (folder / _PINNED).touch()


def unpin(output: Output, snapshot: str) -> None:
    """Let a snapshot be pruned again; nothing happens if it is not pinned."""
    if not isinstance(output, Path):
        output.set_pinned(snapshot, False)
        return
    folder = output / snapshot_folder(snapshot)
    with _time_kept(folder):
        (folder / _PINNED).unlink(missing_ok=True)


def is_pinned(output: Output, snapshot: str) -> bool:
    """Whether a snapshot must not be pruned."""
    if not isinstance(output, Path):
        return output.is_pinned(snapshot)
    return os.path.lexists(output / snapshot_folder(snapshot) / _PINNED)


def mark_live(output: Output, snapshot: str) -> None:
    """Note that a snapshot is live until now at least."""
    if not isinstance(output, Path):
        output.mark_live(snapshot)
        return
    folder = output / snapshot_folder(snapshot)
    os.utime(folder)
    sync_folder(folder)


def live_until(output: Output, snapshot: str, live: str) -> float:
    """When a snapshot other than the live one can have been live last, in seconds since 1970."""
    if isinstance(output, Path):
        marked = _changed(output / snapshot_folder(snapshot))
        switched = _changed(output / CURRENT)
    else:
        marked, switched = output.marked(snapshot), output.switched()
    return max(marked, switched) if was_edited(output, live) else marked


def was_edited(output: Output, live: str) -> bool:
    """Whether CURRENT was written by another hand: any snapshot can have been live until then."""
    if not isinstance(output, Path):
        return output.was_edited(live)
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

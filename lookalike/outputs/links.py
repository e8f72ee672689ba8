"""Folders read and emptied without following symbolic links: what a link points to belongs to somebody else."""

from __future__ import annotations

import os
from pathlib import Path

from lookalike.errors import SnapshotError


def files_below(folder: Path) -> list[Path]:
    """All that is no folder in a folder and those below it, links among it; nothing if the folder is a link."""
    return [Path(place, name) for place, names in _walked(folder) for name in names]


def folders_below(folder: Path) -> list[Path]:
    """The folders in a folder and below it, each before the one that it is in; none that is a link."""
    return [Path(place) for place, _ in _walked(folder)][:-1]


def is_folder(path: Path) -> bool:
    """Whether there is a folder and not a link to one."""
    return path.is_dir() and not path.is_symlink()


def refuse_link(path: Path) -> None:
    """Raise SnapshotError if there is a symbolic link in place of a folder of an output."""
    if path.is_symlink():
        raise SnapshotError(f"{path}: is a symbolic link, and nothing is changed behind one; remove it by hand")


def _walked(folder: Path) -> list[tuple[str, list[str]]]:
    """Folders, the inner ones first, with the names of what is no folder in each."""
    if not is_folder(folder):
        return []
    return [
        (place, [*files, *(name for name in folders if os.path.islink(os.path.join(place, name)))])  # noqa: PTH114, PTH118
        for place, folders, files in os.walk(folder, topdown=False, followlinks=False)
    ]

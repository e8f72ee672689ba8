"""The files that a URL names: one file, those directly in a folder, or the matches of a glob."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from jobs.inputs.stores.choose import Place
from jobs.inputs.stores.store import Store


class Named(NamedTuple):
    """What a path names. files: of a folder or a glob, their paths and bytes."""

    kind: Literal["file", "folder", "glob"]
    files: Mapping[str, int]


def named_in_store(place: Place) -> Named:
    """What a path names in a store. Of a glob only the folders are listed that can have matches in them."""
    store, path = place.store, place.path
    status = store.status(path) if path else None
    if status is not None and status.size:
        return Named("file", {})
    listing = store.below(path)
    if listing.files or listing.folders:
        return Named("folder", {place.url(_join(path, name)): size for name, size in listing.files.items()})
    if status is not None:  # empty, and some stores have such objects for folders
        return Named("file", {})
    matches = _matches(store, path.split("/")) if glob.has_magic(path) else ()
    return Named("glob", {place.url(name): size for name, size in matches})


def _matches(store: Store, parts: list[str]) -> Iterator[tuple[str, int]]:
    """Paths and bytes of the files that match a pattern, with the rules of Python's glob."""
    folders = [""]
    for part in parts[:-1]:
        if glob.has_magic(part):
            fits = _fits(part)
            found = [(folder, name) for folder in folders for name in store.below(folder).folders]
            folders = [_join(folder, name) for folder, name in found if fits.fullmatch(name)]
        else:
            folders = [_join(folder, part) for folder in folders]
    for folder in folders:
        if glob.has_magic(parts[-1]):
            fits = _fits(parts[-1])
            files = store.below(folder).files
            yield from ((_join(folder, name), size) for name, size in files.items() if fits.fullmatch(name))
        else:
            path = _join(folder, parts[-1])
            status = store.status(path)
            if status is not None:
                yield path, status.size


def _fits(pattern: str) -> re.Pattern[str]:
    """What a part of a path must be; a name that begins with a dot needs a pattern that does."""
    hidden = "" if pattern.startswith(".") else r"(?!\.)"
    return re.compile(hidden + fnmatch.translate(pattern))


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name

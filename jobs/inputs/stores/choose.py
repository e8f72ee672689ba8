"""The one place that chooses the store of a URL."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

from jobs.inputs.stores.store import Store
from lookalike.errors import UsageError
from lookalike.inputurls import HDFS, InputUrl, input_url, without_secrets


class Place(NamedTuple):
    """A path in a store. root: the URL of the store."""

    store: Store
    root: InputUrl
    path: str

    def url(self, path: str) -> str:
        """The URL of another path in the store."""
        return str(self.root._replace(path=path))


def place_of(path: str) -> Place | None:
    """Where a path of the input is; None for a file of this machine. UsageError for a URL that cannot be read."""
    if "://" not in path:
        return None
    try:
        url = input_url(path)
    except ValueError as error:
        raise UsageError(f"{without_secrets(path)} {error}") from None
    if url is None:
        return None
    root = url._replace(path="")
    return Place(store_of(root), root, url.path)


def absolute(path: str) -> str:
    """A path of the input as every process can use it."""
    return path if "://" in path else str(Path(path).absolute())


def resolved(path: str) -> str:
    """The one name of a file that may have several."""
    return path if "://" in path else str(Path(path).resolve())


@functools.cache
def store_of(root: InputUrl) -> Store:
    """One for each bucket and process, because it keeps connections and credentials."""
    if root.scheme == HDFS:
        from jobs.inputs.stores.webhdfs import HdfsFiles  # neither is loaded for files of this machine

        return HdfsFiles(root)
    from jobs.inputs.stores.objects import Objects

    return Objects(root)

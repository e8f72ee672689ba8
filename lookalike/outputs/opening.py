"""The one place that chooses between a folder, an object store and HDFS."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.outputs.comparedfolder import ComparedFolder
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.interface import Output
from lookalike.outputs.store import Store
from lookalike.outputs.urls import HDFS, OutputPlace, StoreUrl

if TYPE_CHECKING:
    from lookalike.outputs.storedoutput import StoredOutput


def open_output(
    place: OutputPlace | str, *, block_cache_bytes: int | None = None, brisk: bool = False, compared: bool = False
) -> Output:
    """The output at a folder or a URL (see urls.parse_output); nothing is read yet.

    block_cache_bytes: memory for parts of objects that were read last. brisk: give up a request early, because
    somebody waits for it. Both concern object stores only. compared: compare each part of a file whenever it is read.
    This concerns folders only: object stores do so anyway.
    """
    if isinstance(place, Path):
        return ComparedFolder(place) if compared else FolderOutput(place)
    return _stored(StoreUrl.parse(place), block_cache_bytes, brisk=brisk)


@functools.cache
def shared_output(place: OutputPlace) -> Output:
    """The output at a place for all tasks of a process, because it keeps connections and what it has read."""
    return open_output(place)


def open_base(place: OutputPlace) -> Output:
    """The output at a place for a run that builds on a snapshot in it: nothing of a damaged file is used."""
    return ComparedFolder(place) if isinstance(place, Path) else _stored(place, whole=True)


@functools.cache
def shared_store(url: StoreUrl) -> Store:
    """The store of an output for all tasks of a process, because it keeps connections."""
    return _stored(url).store


def _stored(
    url: StoreUrl, block_cache_bytes: int | None = None, *, brisk: bool = False, whole: bool = False
) -> StoredOutput:
    # None of it is loaded for a folder.
    from lookalike.outputs.hdfs import HdfsOutput
    from lookalike.outputs.hdfsstore import HdfsStore
    from lookalike.outputs.objects import ObjectStore
    from lookalike.outputs.objectstore import ObjectOutput
    from lookalike.outputs.patience import BRISK, PATIENT
    from lookalike.outputs.storedoutput import SMALL_CACHE_BYTES

    patience = BRISK if brisk else PATIENT
    cache = SMALL_CACHE_BYTES if block_cache_bytes is None else block_cache_bytes
    if url.scheme == HDFS:
        return HdfsOutput(HdfsStore(url, patience), block_cache_bytes=cache, whole=whole)
    return ObjectOutput(ObjectStore(url, patience), block_cache_bytes=cache, whole=whole)

"""The one place that chooses between a folder and an object store."""

from __future__ import annotations

from pathlib import Path

from lookalike.outputs.comparedfolder import ComparedFolder
from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.interface import Output


def open_output(
    place: Path | str, *, block_cache_bytes: int | None = None, brisk: bool = False, compared: bool = False
) -> Output:
    """The output at a folder or a URL (see urls.parse_output); nothing is read yet.

    block_cache_bytes: memory for parts of objects that were read last. brisk: give up a request early, because
    somebody waits for it. Both concern object stores only. compared: compare each part of a file whenever it is read.
    This concerns folders only: object stores do so anyway.
    """
    if isinstance(place, Path):
        return ComparedFolder(place) if compared else FolderOutput(place)
    # The library of object stores is not loaded for a folder.
    from lookalike.outputs.objects import BRISK, PATIENT
    from lookalike.outputs.objectstore import SMALL_CACHE_BYTES, ObjectOutput
    from lookalike.outputs.urls import StoreUrl

    cache = SMALL_CACHE_BYTES if block_cache_bytes is None else block_cache_bytes
    return ObjectOutput(StoreUrl.parse(place), patience=BRISK if brisk else PATIENT, block_cache_bytes=cache)

"""The files that the paths of the options name."""

from __future__ import annotations

import glob
from collections import Counter
from pathlib import Path
from typing import Final

from jobs.inputs.stores.choose import place_of
from jobs.inputs.stores.names import Named, named_in_store
from jobs.inputs.streams import compression_of, decompressed, file_status, open_file
from lookalike.errors import UsageError

_ENDINGS: Final = frozenset(
    {".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".bz2", ".zst", ".xz", ".zip"}
)
_SMALL: Final = 1 << 10  # bytes; a compressed file of more is not empty


def named_files(path: str) -> list[str]:
    """The files that one path names, in no order: a file, a folder or a glob.

    A folder names the files in it, not those in folders below it. In a folder and among the matches of a glob, files
    whose name begins with "." or "_" are passed over, as Spark does, and empty ones, which it writes. If all are
    empty, they are named. Raises UsageError if there is nothing.
    """
    place = place_of(path)
    try:
        named = _named_here(path) if place is None else named_in_store(place)
        if named.kind == "file":
            return [path]
        files = [name for name in named.files if not Path(name).name.startswith((".", "_"))]
        filled = [name for name in files if not _is_empty(name, named.files[name])]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if not files:
        below = "; those in folders below it need a pattern, such as FOLDER/*/*"
        kind = f"no files in this folder{below}" if named.kind == "folder" else "no such file, folder or match"
        raise UsageError(f"{path}: {kind}")
    return filled or files


def _named_here(path: str) -> Named:
    """What a path names on this machine."""
    place = Path(path)
    if place.exists() and not place.is_dir():
        return Named("file", {})  # be it a pipe, which cannot be read
    is_folder = place.is_dir()
    matches = [] if is_folder else glob.glob(path)  # noqa: PTH207  # Path.glob takes no absolute pattern
    names = list(map(str, place.iterdir())) if is_folder else matches
    files = {name: Path(name).stat().st_size for name in names if Path(name).is_file()}
    return Named("folder" if is_folder else "glob", files)


def _is_empty(name: str, size: int) -> bool:
    """Whether there is nothing in a file, compressed or not. One that cannot be read is not."""
    if not 0 < size < _SMALL:
        return size == 0
    try:
        with (
            open_file(name, file_status(name)) as source,
            decompressed(name, source, compression_of(name, source)) as stream,
        ):
            return not stream.read(1)
    except UsageError:
        return False


def without(name: str, path: str) -> str | None:
    """A pattern of the other files that a path names, if most of these end like data and unlike `name`; else None."""
    endings = Counter(Path(file).suffix for file in named_files(path))
    own = Path(name).suffix
    usual = max(sorted(_ENDINGS - {own}), key=lambda ending: endings[ending])
    if endings[usual] < max(1, endings[own]):
        return None
    return f"{name.removesuffix(Path(name).name)}*{usual}"

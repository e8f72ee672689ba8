"""The files that the paths of the options name."""

from __future__ import annotations

import glob
from collections import Counter
from pathlib import Path
from typing import Final

from jobs.inputs.streams import compression_of, open_bytes
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
    place = Path(path)
    try:
        if place.exists() and not place.is_dir():
            return [path]  # be it a pipe, which cannot be read
        if place.is_dir():
            files = [str(child) for child in place.iterdir() if _visible(child) and child.is_file()]
        else:
            matches = glob.glob(path)  # noqa: PTH207  # Path.glob takes no absolute pattern
            files = [match for match in matches if _visible(Path(match)) and Path(match).is_file()]
        filled = [file for file in files if not _is_empty(file)]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if not files:
        below = "; those in folders below it need a pattern, such as FOLDER/*/*"
        kind = f"no files in this folder{below}" if place.is_dir() else "no such file, folder or match"
        raise UsageError(f"{path}: {kind}")
    return filled or files


def _visible(path: Path) -> bool:
    return not path.name.startswith((".", "_"))


def _is_empty(file: str) -> bool:
    """Whether there is nothing in a file, compressed or not. One that cannot be read is not."""
    size = Path(file).stat().st_size
    if not 0 < size < _SMALL:
        return size == 0
    try:
        with open_bytes(file, compression_of(file)) as stream:
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
    return str(Path(name).parent / f"*{usual}")

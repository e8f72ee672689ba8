"""Opening input files as streams of bytes; every failure names the file."""

from __future__ import annotations

import bz2
import contextlib
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs

from jobs.inputs.tables import Compression, InputFile
from lookalike.errors import UsageError

_MAGIC: Final[dict[bytes, Compression]] = {b"\x1f\x8b": "gzip", b"BZh": "bz2"}
_UNSUPPORTED: Final = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"\x04\x22\x4d\x18": "lz4",
}
_READ_AHEAD: Final = 1 << 20  # compressed bytes read at a time


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Turn failures to read `path` into a UsageError that names it."""
    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{path}: cannot be read: {reason.splitlines()[0]}") from error


def file_status(path: str) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds. UsageError if there is no such file."""
    with naming(path):
        found = pyarrow.fs.LocalFileSystem().get_file_info(path)
    if found.type != pyarrow.fs.FileType.File:
        raise UsageError(f"{path}: no such file")
    return found.size, found.mtime_ns


def compression_of(path: str) -> Compression | None:
    """How the file is compressed, by its first bytes: its name may be wrong. UsageError for what cannot be read."""
    with naming(path), pyarrow.fs.LocalFileSystem().open_input_file(path) as stream:
        head = stream.read(8)
    for magic, name in _UNSUPPORTED.items():
        if head.startswith(magic):
            raise UsageError(f"{path}: compressed as {name}; only gzip and bzip2 can be read")
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


@contextlib.contextmanager
def open_bytes(path: str, compression: Compression | None) -> Iterator[Any]:
    """A stream of the file's decompressed bytes, with read and readinto; an uncompressed one can seek.

    All members of a gzip file and all streams of a bzip2 file are read. Cut or damaged ones raise
    UsageError where the damage is met.
    """
    with naming(path), pyarrow.fs.LocalFileSystem().open_input_file(path) as source:
        yield _decompressed(source, compression)


def _decompressed(source: Any, compression: Compression | None) -> Any:
    if compression == "gzip":
        return pa.CompressedInputStream(pa.BufferedInputStream(source, _READ_AHEAD), compression)
    if compression == "bz2":
        return bz2.BZ2File(source)  # Arrow's stops at an empty stream between others
    return source


def check_unchanged(file: InputFile) -> None:
    """Raise UsageError if the file is no longer the one that was examined."""
    if file_status(file.path) != (file.size, file.modified_ns):
        raise UsageError(f"{file.path}: was changed while the job was running")

"""Opening input files as streams of bytes; every failure names the file."""

from __future__ import annotations

import bz2
import contextlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs

from jobs.inputs.tables import Compression, InputFile
from jobs.inputs.text.encodings import Recoded
from lookalike.errors import UsageError

_READ_AHEAD: Final = 1 << 20  # compressed bytes read at a time
# What the libraries raise that read and decompress files.
_ERRORS: Final = (OSError, EOFError, UnicodeError, pa.ArrowException, lzma.LZMAError, zlib.error, zipfile.BadZipFile)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Turn failures to read `path` into a UsageError that names it."""
    try:
        yield
    except _ERRORS as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or "it ends too early"
        raise UsageError(f"{path}: cannot be read: {reason.splitlines()[0]}") from error


def file_status(path: str) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds. UsageError if there is no such file."""
    with naming(path):
        found = pyarrow.fs.LocalFileSystem().get_file_info(path)
    if found.type == pyarrow.fs.FileType.Unknown:
        raise UsageError(f"{path}: is a pipe or a device, which cannot be read twice; write it to a file first")
    if found.type != pyarrow.fs.FileType.File:
        raise UsageError(f"{path}: no such file")
    return found.size, found.mtime_ns


def compression_of(path: str) -> Compression | None:
    """How the file is compressed, by its first bytes: its name may be wrong. UsageError for what cannot be read."""
    with naming(path), pyarrow.fs.LocalFileSystem().open_input_file(path) as stream:
        head = stream.read(8)
    if head[:1] in _SKIPPED and head[1:4] == _SKIPPED_REST:
        return "zstd"
    if head.startswith(_LZ4):
        raise UsageError(f"{path}: compressed as lz4; only {', '.join(_MAGIC)} can be read")
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), None)


@contextlib.contextmanager
def open_bytes(path: str, compression: Compression | None) -> Iterator[Any]:
    """A stream of the file's decompressed bytes, with read and readinto; an uncompressed one can seek.

    All parts of a gzip, bzip2, xz or zstd file are read. Cut or damaged ones raise
    UsageError where the damage is met.
    """
    with naming(path), contextlib.ExitStack() as opened:
        if compression == "zip":
            try:
                member = _only_member(path, opened.enter_context(zipfile.ZipFile(path)))
            except (RuntimeError, ValueError, struct.error) as error:  # a feature that it does not know, too
                raise UsageError(f"{path}: cannot be read: {error}") from error
            yield member
        else:
            source = opened.enter_context(pyarrow.fs.LocalFileSystem().open_input_file(path))
            yield _decompressed(source, compression)


_MAGIC: Final[Mapping[Compression, bytes]] = {
    "gzip": b"\x1f\x8b",
    "bz2": b"BZh",
    "zstd": b"\x28\xb5\x2f\xfd",
    "xz": b"\xfd7zXZ",
    "zip": b"PK\x03\x04",
}
# A zstd file may begin with a frame that decoders pass over (RFC 8878, 3.1.2).
_SKIPPED: Final = tuple(bytes([0x50 + i]) for i in range(16))
_SKIPPED_REST: Final = b"\x2a\x4d\x18"
_LZ4: Final = b"\x04\x22\x4d\x18"


def _decompressed(source: Any, compression: Compression | None) -> Any:
    match compression:
        case "gzip" | "zstd":
            return pa.CompressedInputStream(pa.BufferedInputStream(source, _READ_AHEAD), compression)
        case "bz2":
            return bz2.BZ2File(source)  # Arrow's stops at an empty stream between others
        case "xz":
            return lzma.LZMAFile(source)
        case _:
            return source


def _only_member(path: str, archive: zipfile.ZipFile) -> Any:
    """The one file of an archive; what macOS adds beside it does not count."""
    names = [member.filename for member in archive.infolist() if not member.is_dir()]
    if "xl/workbook.xml" in names:
        raise UsageError(f"{path}: is an Excel workbook; save it as CSV or tab-separated text")
    if {"mimetype", "content.xml"} <= set(names):
        raise UsageError(f"{path}: is an OpenDocument file; save it as CSV or tab-separated text")
    names = [name for name in names if not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise UsageError(
            f"{path}: a zip archive of {len(names)} files; unpack it, and name the files or their folder"
        )
    if archive.getinfo(names[0]).flag_bits & 1:
        raise UsageError(f"{path}: a zip archive with a password; unpack it first")
    return archive.open(names[0])


@contextlib.contextmanager
def open_text(file: InputFile) -> Iterator[Any]:
    """A stream of the file's text as UTF-8 with line feeds; see open_bytes."""
    with open_bytes(file.path, file.compression) as stream:
        dialect = file.dialect
        yield Recoded(stream, dialect.encoding, returns=dialect.returns) if dialect.is_recoded else stream


def check_unchanged(file: InputFile) -> None:
    """Raise UsageError if the file is no longer the one that was examined."""
    if file_status(file.path) != (file.size, file.modified_ns):
        raise UsageError(f"{file.path}: was changed while the job was running")

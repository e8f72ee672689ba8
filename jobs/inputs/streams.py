"""Opening input files as streams of bytes; every failure names the file."""

from __future__ import annotations

import bz2
import contextlib
import dataclasses
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs

from jobs.inputs.stores.choose import place_of
from jobs.inputs.stores.store import FileStatus
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


def file_status(path: str) -> FileStatus:
    """What tells whether the file is still the same. UsageError if there is no such file."""
    place = place_of(path)
    if place is not None:
        status = place.store.status(place.path)
        if status is None:
            raise UsageError(f"{path}: no such file")
        return status
    with naming(path):
        found = pyarrow.fs.LocalFileSystem().get_file_info(path)
    if found.type == pyarrow.fs.FileType.Unknown:
        raise UsageError(f"{path}: is a pipe or a device, which cannot be read twice; write it to a file first")
    if found.type != pyarrow.fs.FileType.File:
        raise UsageError(f"{path}: no such file")
    return FileStatus(found.size, found.mtime_ns)


@dataclasses.dataclass(frozen=True)
class Ahead:
    """What will be read of a file, for a store to be asked for it in time; of no use for a file of this machine.

    ranges: of bytes, in the order in which they are read; None for the whole file. at_once: bytes that the reader
    takes at once.
    """

    ranges: Sequence[tuple[int, int]] | None = None
    at_once: int = 2 << 20


WHOLE_FILE: Final = Ahead()
_READS: Final = 8  # of a reader, that a block is good for


@contextlib.contextmanager
def open_file(path: str, status: FileStatus, ahead: Ahead = WHOLE_FILE) -> Iterator[Any]:
    """A stream of the bytes of a file as they are, which can seek. status: of the file, see file_status."""
    place = place_of(path)
    if place is None:
        with naming(path), pyarrow.fs.LocalFileSystem().open_input_file(path) as source:
            yield source
        return
    from jobs.inputs.stores.readahead import LARGEST_BLOCK, StoredStream  # not needed for files of this machine

    ranges = [(0, status.size)] if ahead.ranges is None else ahead.ranges
    block = min(_READS * ahead.at_once, LARGEST_BLOCK)

    def fetch(start: int, end: int) -> memoryview:
        return place.store.fetch(place.path, start, end, status.version)

    with naming(path), StoredStream(fetch, status.size, ranges, block) as stream:
        yield stream


def compression_of(path: str, source: Any) -> Compression | None:
    """How a file is compressed, by its first bytes: its name may be wrong. UsageError for what cannot be read.

    source: of its bytes, see open_file; it is at its beginning then.
    """
    head = source.read(8)
    source.seek(0)
    if head[:1] in _SKIPPED and head[1:4] == _SKIPPED_REST:
        return "zstd"
    if head.startswith(_LZ4):
        raise UsageError(f"{path}: compressed as lz4; only {', '.join(_MAGIC)} can be read")
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), None)


@contextlib.contextmanager
def decompressed(path: str, source: Any, compression: Compression | None) -> Iterator[Any]:
    """A stream of the decompressed bytes, with read and readinto; an uncompressed one can seek.

    path: of the file, for messages. source: see open_file. All parts of a gzip, bzip2, xz or zstd file are read. Cut
    or damaged ones raise UsageError where the damage is met.
    """
    with naming(path), contextlib.ExitStack() as opened:
        if compression == "zip":
            try:
                archive = path if isinstance(source, pa.NativeFile) else source  # Arrow seeks in another way
                source = _only_member(path, opened.enter_context(zipfile.ZipFile(archive)))
            except (RuntimeError, ValueError, struct.error) as error:  # a feature that it does not know, too
                raise UsageError(f"{path}: cannot be read: {error}") from error
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
            if not isinstance(source, pa.NativeFile):
                source = pa.PythonFile(source, mode="r")
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
def open_text(file: InputFile, ahead: Ahead = WHOLE_FILE) -> Iterator[Any]:
    """A stream of the file's text as UTF-8 with line feeds; it can seek if the file can. ahead: of one that can."""
    if not file.can_seek:
        ahead = dataclasses.replace(ahead, ranges=None)
    with (
        open_file(file.path, file.status, ahead) as source,
        decompressed(file.path, source, file.compression) as stream,
    ):
        dialect = file.dialect
        yield Recoded(stream, dialect.encoding, returns=dialect.returns) if dialect.is_recoded else stream


def check_unchanged(file: InputFile) -> None:
    """Raise UsageError if the file is no longer the one that was examined."""
    if file_status(file.path) != file.status:
        raise UsageError(f"{file.path}: was changed while the job was running")

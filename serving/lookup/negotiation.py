"""Which representation a client takes, and whether it has it already."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal, Protocol

import pyarrow as pa

Coding = Literal["identity", "gzip", "zstd"]
Piece = bytes | memoryview

# A body that fits in one packet arrives no sooner when it is smaller.
LEAST_TO_COMPRESS: Final = 1400
_GZIP_LEVEL: Final = 6
# For what is compressed again in each answer: little gain for much time beyond these.
_FAST_GZIP_LEVEL: Final = 1
_FAST_ZSTD_LEVEL: Final = 1
_ZSTD_LEVEL: Final = 3
_FAST_FROM: Final = 1 << 20  # bytes

_QUALITY: Final = re.compile(r"q=(0(\.\d{0,3})?|1(\.0{0,3})?)", re.ASCII | re.IGNORECASE)
_TAG: Final = re.compile(rb'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*')


@lru_cache(maxsize=256)
def choose_coding(accept_encoding: bytes) -> Coding:
    """The coding for a body that is worth it: of zstd and gzip the one that the client prefers, if any."""
    wanted = {"zstd": 0.0, "gzip": 0.0}
    other = 0.0
    named = set()
    for part in accept_encoding.decode("latin-1").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = _quality(parameters)
        name = "gzip" if name == "x-gzip" else name
        if name == "*":
            other = quality
        elif name in wanted:
            wanted[name] = quality
            named.add(name)
    wanted.update({name: other for name in wanted if name not in named})
    best: Coding = "zstd" if wanted["zstd"] >= wanted["gzip"] else "gzip"
    return best if wanted[best] > 0 else "identity"


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        match = _QUALITY.fullmatch(parameter.replace(" ", ""))
        return float(match[1]) if match else 0.0
    return 1.0


def tag_of(snapshot_etag: str, coding: Coding) -> str:
    """The ETag of a representation. Compressed, the same body may come in other bytes: a weak one."""
    return f'"{snapshot_etag}"' if coding == "identity" else f'W/"{snapshot_etag}-{coding}"'


def is_known(if_none_match: bytes, snapshot_etag: str, coding: Coding) -> str | None:
    """The ETag that a client names of those it may have now, compared weakly; None if there is no such.

    Whether the body would be compressed is not known before it is read: either form will do.
    """
    if if_none_match.strip() == b"*":
        return tag_of(snapshot_etag, "identity")
    names = {match[1] for match in _TAG.finditer(if_none_match)}
    codings: list[Coding] = ["identity"] if coding == "identity" else ["identity", coding]
    for each in codings:
        tag = tag_of(snapshot_etag, each)
        if tag.removeprefix("W/").strip('"').encode() in names:
            return tag
    return None


def compress(body: Piece, coding: Coding) -> bytes:
    """A whole body compressed. Blocks."""
    fast = len(body) >= _FAST_FROM
    if coding == "gzip":
        return zlib.compress(body, _FAST_GZIP_LEVEL if fast else _GZIP_LEVEL, wbits=31)
    codec = pa.Codec("zstd", compression_level=_FAST_ZSTD_LEVEL if fast else _ZSTD_LEVEL)
    packed: bytes = codec.compress(body, asbytes=True)
    return packed


class Compressor(Protocol):
    """Compresses a body piece by piece. Blocks."""

    def add(self, piece: Piece) -> bytes:
        """What can be sent after a piece; may be empty."""

    def finish(self) -> bytes:
        """What is left to send."""


def compressor(coding: Coding) -> Compressor:
    """A compressor for a body of unknown length."""
    kinds: dict[Coding, Callable[[], Compressor]] = {"identity": _Plain, "gzip": _Gzip, "zstd": _Zstd}
    return kinds[coding]()


class _Plain:
    def add(self, piece: Piece) -> bytes:
        return bytes(piece)

    def finish(self) -> bytes:
        return b""


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(_FAST_GZIP_LEVEL, wbits=31)

    def add(self, piece: Piece) -> bytes:
        return self._stream.compress(piece)

    def finish(self) -> bytes:
        return self._stream.flush()


class _Zstd:
    """A frame for each piece: frames one after the other are as good as one (RFC 8878, section 3)."""

    def __init__(self) -> None:
        self._codec = pa.Codec("zstd", compression_level=_FAST_ZSTD_LEVEL)

    def add(self, piece: Piece) -> bytes:
        packed: bytes = self._codec.compress(piece, asbytes=True)
        return packed

    def finish(self) -> bytes:
        return b""

"""Where a page ends, as a text that the client sends back to get the next one.

A cursor holds the id of its snapshot, a fingerprint of the request (all parameters but `limit`), and two numbers for
the position. Nothing in it is secret; the checksum only detects texts that this service did not give out.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from typing import Final

from lookalike.outputs.layout import is_snapshot_id
from serving.problems.kinds import Gone, InvalidParameter, Problem

_ID_LENGTH: Final = 23  # of a snapshot's id
_FIELDS: Final = struct.Struct(f">{_ID_LENGTH}s6sqq")
_CHECK_LENGTH: Final = 6
_LENGTH: Final = 68
PATTERN: Final = f"^[A-Za-z0-9_-]{{{_LENGTH}}}$"
_WELL_FORMED: Final = re.compile(PATTERN.removeprefix("^").removesuffix("$"))


class WrongCursor(Problem):
    """A cursor of the right form that was not given out for this request."""

    status, code, title = 409, "wrong-cursor", "Wrong cursor"


def encode_cursor(snapshot: str, request: tuple[str, ...], first: int, second: int) -> str:
    """The cursor for two numbers (int64, from 0 on). request: what it may be used for, see `decode_cursor`."""
    fields = _FIELDS.pack(snapshot.encode("ascii"), _fingerprint(request), first, second)
    return base64.urlsafe_b64encode(fields + _checksum(fields)).decode("ascii")


def decode_cursor(cursor: str, snapshot: str, request: tuple[str, ...]) -> tuple[int, int]:
    """The two numbers of a cursor that was given out by `snapshot` for the same `request`.

    Raises InvalidParameter for a text that is no cursor, Gone for one of another snapshot, and WrongCursor for one
    that was not given out for this request.
    """
    if not _WELL_FORMED.fullmatch(cursor):
        raise InvalidParameter("cursor: this service did not give it out.", parameter="cursor")
    data = base64.urlsafe_b64decode(cursor)
    fields, check = data[:-_CHECK_LENGTH], data[-_CHECK_LENGTH:]
    if check != _checksum(fields):
        raise WrongCursor("cursor: this service did not give it out.", parameter="cursor")
    origin, fingerprint, first, second = _FIELDS.unpack(fields)
    of = origin.decode("ascii", "replace")
    if of != snapshot and is_snapshot_id(of):
        raise Gone(
            f"cursor: belongs to snapshot {of}; {snapshot} is served now. Begin again without a cursor.",
            parameter="cursor",
        )
    if first < 0 or second < 0:  # no place: one far below 0 would be far from the end of the rows
        raise WrongCursor("cursor: this service did not give it out.", parameter="cursor")
    if fingerprint != _fingerprint(request):
        raise WrongCursor("cursor: it belongs to a request with other parameters.", parameter="cursor")
    return first, second


def _fingerprint(request: tuple[str, ...]) -> bytes:
    text = "\0".join(f"{len(part)}:{part}" for part in request).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=6).digest()


def _checksum(fields: bytes) -> bytes:
    return hashlib.blake2b(fields, digest_size=_CHECK_LENGTH, key=b"lookalike cursor 1").digest()


assert (_FIELDS.size + _CHECK_LENGTH) * 4 == _LENGTH * 3  # fills base64 without padding

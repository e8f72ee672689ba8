"""API keys: `python -m serving.keys new NAME --file FILE` makes one; KeyRing knows those of a file.

A key is `NAME.SECRET`; the file keeps a line `NAME:HASH` for each, so nobody who reads the file can
use a key. HASH is the SHA-256 of the secret, in hex. A fast hash is right here: slow ones protect
passwords that people choose, and the secret is 256 random bits. Delete a line to revoke its key.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_SECRET_BYTES: Final = 32
_MAX_KEY_BYTES: Final = 256
_MAX_FILE_BYTES: Final = 1 << 20
_LOOK_SECONDS: Final = 1.0  # a change of the file is noticed with the first request after so long
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_NOBODY: Final = bytes(32)  # compared with for an unknown name, so that its answer takes as long
_log = logging.getLogger("serving")


class KeysError(Exception):
    """A file of keys, or a name, that cannot be used; one line for the person who gave it."""


class KeyRing:
    """The keys of a file, read again when it changes. Raises KeysError if it cannot be read at first.

    If it cannot be read later, the keys read last stay: a file that is half written must not
    lock all clients out.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._digests = read_keys(file)
        self._stamp = _stamp(file)
        self._next_look = time.monotonic() + _LOOK_SECONDS

    def name_of(self, key: bytes) -> str | None:
        """The name of a key; None if it is unknown."""
        if time.monotonic() >= self._next_look:
            self._look()
        name, _, secret = key[:_MAX_KEY_BYTES].partition(b".")
        digest = self._digests.get(name, _NOBODY)
        if not hmac.compare_digest(hashlib.sha256(secret).digest(), digest):
            return None
        return name.decode("ascii")

    def _look(self) -> None:
        self._next_look = time.monotonic() + _LOOK_SECONDS
        stamp = _stamp(self._file)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._digests = read_keys(self._file)
        except KeysError as error:
            _log.error("API keys: %s; the keys known so far stay valid", error)
        else:
            _log.info("API keys: %s has changed; %d keys are valid", self._file, len(self._digests))


def given_key(headers: Mapping[bytes, bytes]) -> bytes | None:
    """The key that a request brings: `Authorization: Bearer KEY`, or else `X-API-Key: KEY`."""
    authorization = headers.get(b"authorization")
    if authorization is not None and authorization[:7].lower() == b"bearer ":
        return authorization[7:].strip()
    return headers.get(b"x-api-key")


def read_keys(file: Path) -> dict[bytes, bytes]:
    """The SHA-256 digest of each key's secret, by the key's name. Raises KeysError naming the bad line.

    Blank lines and those that begin with # are skipped.
    """
    try:
        with open(file, "rb", opener=_without_waiting) as source:
            if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                raise KeysError(f"{file}: is not a file")
            text = source.read(_MAX_FILE_BYTES + 1).decode("ascii")
    except OSError as error:
        raise KeysError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KeysError(f"{file}: is not a file of keys") from None
    if len(text) > _MAX_FILE_BYTES:
        raise KeysError(f"{file}: is larger than {_MAX_FILE_BYTES} bytes")
    digests: dict[bytes, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _, digest = line.partition(":")
        if not _NAME.fullmatch(name) or not _HASH.fullmatch(digest):
            raise KeysError(f"{file}: line {number} is not NAME:HASH")  # its text may be a secret, pasted wrongly
        if name.encode() in digests:
            raise KeysError(f"{file}: line {number}: the name {name} is there twice")
        digests[name.encode()] = bytes.fromhex(digest)
    return digests


def add_key(file: Path, name: str) -> str:
    """Make a key, add it to the file (made if it is not there, for its owner alone), and return it."""
    if not _NAME.fullmatch(name):
        raise KeysError(f"not a name: {name[:80]!r}; use up to 40 of a-z, 0-9 and -, the first not a -")
    if file.exists() and name.encode() in read_keys(file):
        raise KeysError(f"{file}: has a key named {name} already; delete its line to replace it")
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    line = f"{name}:{hashlib.sha256(secret.encode()).hexdigest()}\n"
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "r+b", buffering=0) as target:  # noqa: PTH123 - of a descriptor, which has no path
            size = target.seek(0, os.SEEK_END)
            ends = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
            target.write((line if ends else "\n" + line).encode())  # one write: no reader sees half of it
            os.fsync(descriptor)
    except OSError as error:
        raise KeysError(f"{file}: cannot be written: {error.strerror}") from None
    return f"{name}.{secret}"


def main(arguments: Sequence[str]) -> int:
    """The command: print a new key, which is shown this once."""
    parser = argparse.ArgumentParser(prog="python -m serving.keys", description="Make API keys for the service.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    new = commands.add_parser("new", help="make a key and add its hash to a file")
    new.add_argument("name", metavar="NAME", help="name of the key, shown in the log: a-z, 0-9 and -")
    new.add_argument(
        "--file", required=True, type=Path, metavar="FILE", help="the file that LOOKALIKE_API_KEYS_FILE names"
    )
    options = parser.parse_args(arguments)
    try:
        key = add_key(options.file, options.name)
    except KeysError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(key)
    print(f"Added to {options.file}. This is the only time the key is shown; the file has its hash.", file=sys.stderr)
    return 0


def _without_waiting(path: str, flags: int) -> int:
    """Open a pipe, too, at once: otherwise it would wait for someone who writes to it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

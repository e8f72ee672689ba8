"""What reading asks of a store of files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class FileStatus(NamedTuple):
    """What tells whether a file is still the same.

    size: bytes. modified_ns: time of the last change, nanoseconds since 1970. version: of a store that names the
    content of an object, its name (ETag).
    """

    size: int
    modified_ns: int
    version: str | None = None


class Listing(NamedTuple):
    """What is directly below a folder. files: bytes of each, by name. folders: names."""

    files: Mapping[str, int]
    folders: tuple[str, ...] = ()


class Store(Protocol):
    """A bucket, or a file system; for any number of threads.

    Every method asks again a few times if the store fails. Then it raises UsageError: one line that names the file
    or the bucket, and shows nothing of the request.
    """

    def status(self, path: str) -> FileStatus | None:
        """None if there is no such file."""

    def below(self, path: str) -> Listing:
        """An empty listing if there is no such folder."""

    def fetch(self, path: str, start: int, end: int, version: str | None) -> memoryview:
        """The bytes of a file in [start, end), which it has. version: that the file must have; None for any."""

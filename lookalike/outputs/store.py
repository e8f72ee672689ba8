"""What an output asks of a store of objects: an object store, or a file system that is used like one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

PIECE: Final = 8 << 20  # bytes of an object in memory while it is uploaded or downloaded


class Tag(NamedTuple):
    """The state of an object when it was read; a conditional put succeeds only in that state."""

    e_tag: str | None
    version: str | None


class Found(NamedTuple):
    """An object in a listing. changed: by the store's clock. e_tag: another one for each content."""

    key: str
    bytes: int
    changed: datetime
    e_tag: str | None = None


class Store(Protocol):
    """The objects below one URL; for any number of threads. Keys are paths. Every method may raise StoreError."""

    @property
    def url(self) -> Any:
        """The URL, a StoreUrl."""

    def name(self, key: str) -> str:
        """An object's whole address, for messages."""

    def get(self, key: str, most_bytes: int) -> tuple[bytes, Tag]:
        """A small object and its state. Raises MissingObjectError."""

    def tail(self, key: str, size: int, length: int) -> bytes | memoryview:
        """The last bytes of an object that must have this size."""

    def ranges(self, key: str, starts: Sequence[int], lengths: Sequence[int]) -> list[memoryview]:
        """Pieces of an object."""

    def part(self, key: str, start: int, end: int, e_tag: str | None) -> memoryview:
        """The bytes [start, end) of an object, which it has. e_tag: of its content, or None for any content."""

    def checksum(self, key: str, like: str) -> tuple[int, str]:
        """Size and checksum of an object, read from its beginning to its end. like: see Checksum."""

    def put(self, key: str, data: bytes) -> None:
        """Write an object, whatever was there: a reader finds the old content or the new."""

    def put_pieces(self, key: str, pieces: Iterator[bytes]) -> None:
        """The same with a content that comes piece by piece; an error of the iterator leaves what was there."""

    def changed(self, key: str) -> datetime:
        """When an object was written last, by the store's clock. Raises MissingObjectError."""

    def list(self, prefix: str) -> list[Found]:
        """All objects below a folder, in no order."""

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; missing ones are no error."""

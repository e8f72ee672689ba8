"""HDFS used like an object store: a file gets its name when it is whole, and folders come and go with files."""

from __future__ import annotations

import contextlib
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from lookalike.errors import MissingObjectError, StoreError
from lookalike.outputs.checksums import Checksum
from lookalike.outputs.layout import SNAPSHOTS
from lookalike.outputs.patience import PATIENT, Patience
from lookalike.outputs.store import PIECE, Found, Tag
from lookalike.outputs.urls import StoreUrl
from lookalike.outputs.webhdfs import Body, FileContent, Status, WebHdfs

_AT_ONCE: Final = 8  # requests to the name node, each a millisecond or two of waiting
_GAP: Final = 1 << 20  # bytes that are read in vain rather than by another request
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TAG: Final = Tag(None, None)


class HdfsStore:
    """See Store."""

    def __init__(self, url: StoreUrl, patience: Patience = PATIENT) -> None:
        """Nothing is asked yet. Raises UsageError if the environment names no address of WebHDFS."""
        self.url = url
        host, _, self._root = url.partition("://")[2].partition("/")
        self.files = WebHdfs(host, patience)

    def name(self, key: str) -> str:
        """See Store."""
        return f"{self.url}/{key}" if key else str(self.url)

    def path(self, key: str) -> str:
        """The path of a key in the file system."""
        return "/".join(filter(None, (self._root, key)))

    def get(self, key: str, most_bytes: int) -> tuple[bytes, Tag]:
        """See Store. Nothing has a tag here."""
        content = self.files.read(self.path(key))
        if len(content) > most_bytes:
            raise StoreError(f"{self.name(key)}: has {len(content)} bytes, which cannot be right")
        return content, _NO_TAG

    def tail(self, key: str, size: int, length: int) -> bytes:
        """See Store."""
        found = self._status(key).bytes
        if found != size:
            raise StoreError(f"{self.name(key)}: has {found} bytes, the manifest says {size}")
        return self.files.read(self.path(key), max(0, size - length), size)

    def ranges(self, key: str, starts: Sequence[int], lengths: Sequence[int]) -> list[memoryview]:
        """See Store; what is not far apart is fetched together."""
        places = sorted(zip(starts, lengths, strict=True))
        fetched: list[tuple[int, memoryview]] = []
        for start, end in _joined(places):
            fetched.append((start, self.part(key, start, end, None)))
        found = {}
        for start, length in places:
            before, content = next(one for one in reversed(fetched) if one[0] <= start)
            found[start, length] = content[start - before : start - before + length]
        return [found[place] for place in zip(starts, lengths, strict=True)]

    def part(self, key: str, start: int, end: int, e_tag: str | None) -> memoryview:  # noqa: ARG002  # it has none
        """See Store."""
        return memoryview(self.files.read(self.path(key), start, end))

    def checksum(self, key: str, like: str) -> tuple[int, str]:
        """See Store."""
        size, checksum = self._status(key).bytes, Checksum(like)
        for start in range(0, size, PIECE):
            checksum.update(self.part(key, start, min(size, start + PIECE), None))
        return size, checksum.text()

    def put(self, key: str, data: bytes) -> None:
        """See Store."""
        self._put(key, data)

    def put_pieces(self, key: str, pieces: Iterator[bytes]) -> None:
        """See Store. The pieces are gathered on this machine's disk, so that they can be sent again."""
        with tempfile.TemporaryFile() as file:
            file.writelines(pieces)
            self._put(key, FileContent(file))

    def changed(self, key: str) -> datetime:
        """See Store."""
        return _moment(self._status(key))

    def list(self, prefix: str) -> list[Found]:
        """See Store."""
        found, folders = [], [prefix]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while folders:
                below = list(zip(folders, pool.map(self._children, folders), strict=True))
                folders = [f"{folder}/{one.name}" for folder, ones in below for one in ones if one.is_folder]
                found += [
                    Found(f"{folder}/{one.name}", one.bytes, _moment(one))
                    for folder, ones in below
                    for one in ones
                    if not one.is_folder
                ]
        return found

    def delete(self, keys: Sequence[str]) -> None:
        """See Store. Folders that are empty then go, too."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self.files.delete, map(self.path, keys)))
            by_depth: dict[int, set[str]] = {}
            for folder in _folders_of(keys):
                by_depth.setdefault(folder.count("/"), set()).add(folder)
            for depth in sorted(by_depth, reverse=True):
                list(pool.map(self.files.delete, map(self.path, by_depth[depth])))

    def _put(self, key: str, content: Body) -> None:
        folder, _, name = self.path(key).rpartition("/")
        temporary = f"{folder}/.{name}.{uuid.uuid4().hex}.tmp"
        try:
            self.files.create(temporary, content)
            if not self.files.rename(temporary, self.path(key), over=True) and self.files.status(temporary):
                raise StoreError(f"{self.name(key)}: could not be given its name")
        except BaseException:
            with contextlib.suppress(StoreError):
                self.files.delete(temporary)
            raise

    def _children(self, folder: str) -> Sequence[Status]:
        return self.files.children(self.path(folder))

    def _status(self, key: str) -> Status:
        status = self.files.status(self.path(key))
        if status is None:
            raise MissingObjectError(f"{self.name(key)}: cannot be read: there is no such object")
        return status


def _joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Start and end of what is fetched for pieces, by start and length, in ascending order."""
    joined: list[tuple[int, int]] = []
    for start, length in places:
        if joined and start - joined[-1][1] <= _GAP:
            joined[-1] = (joined[-1][0], max(joined[-1][1], start + length))
        else:
            joined.append((start, start + length))
    return joined


def _folders_of(keys: Sequence[str]) -> set[str]:
    """The folders of snapshots that the keys are in, and those that these are in."""
    folders = {str(folder) for key in keys for folder in PurePosixPath(key).parents}
    return {folder for folder in folders if folder.startswith(f"{SNAPSHOTS}/")}


def _moment(status: Status) -> datetime:
    return _EPOCH + timedelta(milliseconds=status.changed)
